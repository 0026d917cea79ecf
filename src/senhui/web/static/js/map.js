// The one map. Each part of the page is a file in map/; they meet in the one state (map/state.js) and nowhere else.
// Nothing here asks another host.

import "./map/choices.js";
import { start } from "./map/ground.js";
import { showPanel } from "./map/panel.js";
import "./map/paper.js";
import "./map/search.js";

showPanel();
start();
