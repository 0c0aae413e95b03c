// What every page has.
import "./elements/local-time.js";
import "./lib/confirm.js";
import { keepOffline } from "./lib/keep-offline.js";

keepOffline();
