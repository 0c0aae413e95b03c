// The feed: one film at a time. What a film's page has comes with the first of them.
import "./elements/swipe-feed.js";
import { keepOffline } from "./lib/keep-offline.js";

keepOffline();
