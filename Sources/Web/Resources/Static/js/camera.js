// Going live with this device's camera.
import "./elements/camera-desk.js";
import "./elements/show-prompter.js";
import "./lib/confirm.js";
