// What a host wants to say, to read while on air.
import "./elements/show-prompter.js";
