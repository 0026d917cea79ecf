// Sends the form of an import with a bar that shows how much is sent. Without this script the form sends itself.

function note(text, { alert }) {
  const shown = document.getElementById("upload-progress");
  const line = shown.querySelector("p");
  line.textContent = text;
  line.className = alert ? "wrong-text" : "soft";
  shown.hidden = false;
}

function size(form) {
  return [...form.querySelectorAll("input[type=file]")]
    .flatMap((input) => [...input.files])
    .reduce((sum, file) => sum + file.size, 0);
}

// The answer is the page of the job, or this page again with what is wrong said beside the field.
function follow(sending) {
  if (sending.responseURL && sending.responseURL !== window.location.href.split("#")[0] && sending.status < 400) {
    window.location.assign(sending.responseURL);
    return;
  }
  const answer = new DOMParser().parseFromString(sending.responseText, "text/html");
  document.getElementById("main").replaceChildren(...answer.getElementById("main").childNodes);
  document.querySelector(".field.wrong, .note.bad, h1")?.scrollIntoView({ block: "center" });
  document.querySelector(".field.wrong :is(input, select, textarea)")?.focus();
}

function send(event) {
  const sent = event.target;
  if (sent.id !== "upload") return;
  event.preventDefault();
  const bar = document.querySelector("#upload-progress progress");
  const button = sent.querySelector("button.first");
  const words = sent.dataset;
  if (size(sent) > Number(words.maxBytes)) {
    note(words.tooLarge, { alert: true });
    return;
  }
  const sending = new XMLHttpRequest();
  sending.open("POST", window.location.pathname);
  sending.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = loaded / total;
    note(`${words.sending} ${Math.round((100 * loaded) / total)} %`, { alert: false });
  });
  sending.addEventListener("load", () => follow(sending));
  sending.addEventListener("error", () => {
    button.disabled = false;
    note(words.lost, { alert: true });
  });
  button.disabled = true;
  sending.send(new FormData(sent));
}

document.addEventListener("submit", send);
