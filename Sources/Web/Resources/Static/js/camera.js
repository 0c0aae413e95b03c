// Going live with this device's camera.
import "./elements/camera-desk.js";
import "./lib/confirm.js";
