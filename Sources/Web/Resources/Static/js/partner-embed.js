// A partner's page with a show for pages of its own.
import "./elements/embed-desk.js";
import "./elements/local-time.js";
import "./lib/confirm.js";
