// An order that waits for payment.
import "./elements/card-payer.js";
// What every page has.
import "./elements/local-time.js";
import "./lib/confirm.js";
