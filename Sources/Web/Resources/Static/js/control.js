// The control room of a show. The room comes first: the elements inside it look for it.
import "./elements/control-room.js";
import "./elements/live-player.js";
import "./elements/live-chat.js";
import "./elements/chat-desk.js";
import "./elements/run-of-show.js";
import "./elements/deal-desk.js";
import "./elements/coupon-desk.js";
import "./elements/giveaway-desk.js";
import "./elements/auction-desk.js";
import "./elements/run-finder.js";
import "./elements/stream-health.js";
import "./elements/show-audience.js";
import "./elements/stream-key.js";
import "./elements/simulcast-targets.js";
import "./elements/copy-field.js";
import "./elements/local-time.js";
import "./lib/confirm.js";
