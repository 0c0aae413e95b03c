// The front page: what every page has, tiles that move, and how long it is until a show.
import "./site.js";
import "./elements/moving-tiles.js";
import "./elements/starts-in.js";
