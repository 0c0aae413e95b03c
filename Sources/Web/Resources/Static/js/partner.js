// A partner's pages: links and keys to copy.
import "./elements/copy-field.js";
import "./elements/local-time.js";
import "./lib/confirm.js";
