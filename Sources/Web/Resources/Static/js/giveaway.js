// A giveaway's own page.
import "./elements/prize-claim.js";
import "./elements/giveaway-check.js";
import "./elements/local-time.js";
import "./lib/confirm.js";
