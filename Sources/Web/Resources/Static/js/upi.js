// An order that waits for a payment by UPI.
import "./elements/upi-code.js";
// What every page has.
import "./elements/local-time.js";
import "./lib/confirm.js";
