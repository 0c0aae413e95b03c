import "./site.js";
import "./elements/push-reminder.js";
