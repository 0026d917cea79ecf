// What one keeps of the map: views under a name, a link, a file of what is selected, a picture of what is seen. The list
// is asked for when the menu opens; what a view shows is its state alone, so each reader sees what that reader may see.

import { releaseName } from "./choices.js";
import { filled, given } from "./given.js";
import { map } from "./ground.js";
import { drawnPicture } from "./picture.js";
import { change, selectionQuery, state } from "./state.js";
import { element } from "./writing.js";

const { addresses, forms, may_keep: mayKeep, texts } = given.views;
const box = document.getElementById("views-box");

const said = element("p", { className: "views-said small", attributes: { role: "status" } });
const list = element("ul", { className: "views-list" });
const summary = element("summary", { textContent: texts.views });

const button = (text, act, properties = {}) => {
  const made = element("button", { type: "button", textContent: text, ...properties });
  made.addEventListener("click", act);
  return made;
};

const keep = mayKeep
  ? button(texts.save, () => ask({ title: texts.save, name: "", withShare: true }, save))
  : element("p", { className: "small soft", textContent: texts.sign_in });
const files = element("ul", { className: "views-files" });
const menu = element("details", { className: "draw-menu views-menu" }, summary, element("div", { className: "draw-tools" },
  keep, list,
  button(texts.copy_this, () => copy(window.location.href)),
  button(texts.picture, takePicture),
  element("h2", { className: "small", textContent: texts.files }), files, said));

menu.addEventListener("toggle", () => {
  if (!menu.open) return;
  say("");
  showFiles();
  if (mayKeep) showViews();
});
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  summary.focus();
});

const say = (text) => { said.textContent = text; };

// Asks the server; what it refuses is said in its own words.
async function told(url, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const how = body && { method: "POST", body: JSON.stringify(body), headers: { "X-CSRFToken": token, "Content-Type": "application/json" } };
  const answer = await fetch(url, how ?? {}).catch(() => { throw new Error(texts.failed); });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`${found.what ?? texts.failed} ${found.now ?? ""}`.trim());
  return found;
}

async function done(work, text) {
  try {
    await work();
    if (text) say(text);
  } catch (error) {
    say(error.message);
  }
}

const one = ({ key }) => `${addresses.views}${encodeURIComponent(key)}/`;

function showViews() {
  return done(async () => {
    const { views } = await told(addresses.views);
    list.replaceChildren(...(views.length ? views.map(entry) : [element("li", { className: "small soft", textContent: texts.none })]));
  });
}

function entry(view) {
  const open = element("a", { href: `/#${view.state}`, textContent: view.name, title: texts.open });
  // The same page: only what follows "#" changes, and the state hears of it.
  open.addEventListener("click", () => { menu.open = false; });
  const act = (text, run) => button(text, run, { className: "plain small", ariaLabel: `${text}: ${view.name}` });
  const changed = (body, text) => done(async () => { await told(one(view), body); await showViews(); }, text);
  const tools = [
    act(texts.rename, () => ask({ title: texts.rename, name: view.name }, ({ name }) => told(one(view), { name }), texts.renamed)),
    act(view.is_shared ? texts.unshare : texts.share_now, () => changed({ is_shared: !view.is_shared })),
    ...(view.is_shared ? [act(texts.copy, () => copy(view.link))] : []),
    act(texts.delete, () => changed({ delete: true }, filled(texts.deleted, view))),
  ];
  const who = element("span", { className: "small soft", textContent: ` · ${view.is_shared ? texts.shared : texts.private}` });
  return element("li", {}, open, who, element("div", { className: "views-tools" }, ...tools));
}

// A dialog with a name, and whether it is shared.
const input = element("input", { id: "view-name", type: "text", required: true, maxLength: 80, autocomplete: "off" });
const share = element("input", { id: "view-shared", type: "checkbox" });
const shareLine = element("label", { className: "views-share", htmlFor: share.id }, share, ` ${texts.share}`);
const title = element("h2", { id: "view-dialog-title" });
const wrong = element("p", { className: "wrong-text", attributes: { role: "alert" } });
const form = element("form", { method: "dialog" }, title, element("label", { htmlFor: input.id, textContent: texts.name }), input, shareLine, wrong,
  element("div", { className: "actions" }, element("button", { className: "first", textContent: texts.take }), button(texts.cancel, () => dialog.close())));
const dialog = element("dialog", { id: "view-dialog", className: "draw-dialog", attributes: { "aria-labelledby": title.id } }, form);
let take = null;

function ask({ title: text, name, withShare = false }, work, told = texts.saved) {
  title.textContent = text;
  input.value = name;
  share.checked = false;
  shareLine.hidden = !withShare;
  wrong.textContent = "";
  take = { work, told };
  dialog.showModal();
  input.select();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = { name: input.value, is_shared: share.checked };
  try {
    await take.work(given);
  } catch (error) {
    wrong.textContent = error.message;
    input.focus();
    return;
  }
  dialog.close();
  await showViews();
  say(filled(take.told, given));
});

function save({ name, is_shared: isShared }) {
  change({}); // the address is written by the state, also where nothing was moved yet
  return told(addresses.views, { name, is_shared: isShared, state: window.location.hash.slice(1) });
}

// Without a secure context a page may not write the clipboard: then the link is shown, to be copied by hand.
async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    say(texts.copied);
  } catch {
    const shown = element("input", { value: link, readOnly: true, ariaLabel: texts.link });
    said.replaceChildren(shown);
    shown.select();
  }
}

function showFiles() {
  const parts = [`release=${encodeURIComponent(state.release)}`];
  if (state.place) parts.push(`within=${encodeURIComponent(state.place)}`);
  const selection = given.views.takes_stands ? selectionQuery() : "";
  const query = [...parts, ...(selection ? [selection] : [])].join("&");
  files.replaceChildren(...forms.map(({ suffix, name }) => {
    const href = `${addresses.export.replace("{form}", suffix)}?${query}`;
    return element("li", {}, element("a", { className: "button", href, textContent: name }));
  }));
}

async function takePicture() {
  const picture = map && await drawnPicture({ release: `${releaseName()} · ${texts.version} ${state.release}`, without: given.views.review });
  if (!picture) {
    say(texts.picture_failed);
    return;
  }
  const link = element("a", { href: URL.createObjectURL(picture), download: `senhui_${state.release}_${state.layer}.png` });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

box.append(menu);
document.body.append(dialog);
