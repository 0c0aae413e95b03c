// Addresses and cards of an account.
import "./elements/card-saver.js";
import "./lib/confirm.js";
