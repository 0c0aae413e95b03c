// How the system does: looked at again every few seconds.
import "./elements/local-time.js";
import "./elements/show-numbers.js";
import "./lib/confirm.js";
