// The one map. Each part of the page is a file in map/; they meet in the one state (map/state.js) and nowhere else.
// Nothing here asks another host. A part that needs the map waits for `ready` of ground.js; one that is large, as the
// library of the charts is, is imported only then.

import "./map/base.js";
import "./map/charts.js";
import "./map/choices.js";
import "./map/drafts.js";
import "./map/draw.js";
import "./map/filters.js";
import "./map/layers.js";
import "./map/overlays.js";
import "./map/time.js";
import { start } from "./map/ground.js";
import { showPanel } from "./map/panel.js";
import "./map/paper.js";
import "./map/search.js";
import "./map/views.js";

showPanel();
start();
