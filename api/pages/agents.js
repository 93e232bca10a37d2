// The wallboard: asks the JSON interface every two seconds and shows what it says. Whatever comes from there is set
// as text, never as markup. Cards stay where they are, so that the keyboard's focus and a reader's place stay, too.
"use strict";

const SERVICE = "http_uncall_api.php";
const EVERY = 2000; // milliseconds between two looks
const PATIENCE = 8000; // milliseconds for an answer
const words = JSON.parse(document.body.dataset.words);
const said = document.getElementById("said");
let timer = 0; // of the next look
let looked = 0; // when the last answer came: milliseconds since the epoch
let lost = true; // nothing has come yet, or nothing comes any more

/** The service's answer to a model. Throws when there is none. */
async function ask(model, given) {
  const asked = new AbortController();
  const limit = setTimeout(() => asked.abort(), PATIENCE);
  try {
    const form = given && new URLSearchParams({ model, ...given });
    const answer = form
      ? await fetch(SERVICE, { method: "POST", body: form, signal: asked.signal })
      : await fetch(`${SERVICE}?model=${model}`, { signal: asked.signal });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return await answer.json();
  } finally {
    clearTimeout(limit);
  }
}

/** The rows of a list. Throws when there are none to be had. */
async function list(model) {
  const answer = await ask(model);
  if (!answer.status) throw new Error(answer.msg);
  return answer.data;
}

async function look() {
  clearTimeout(timer);
  try {
    const [queues, agents] = await Promise.all([list("getQueues"), list("getAgents")]);
    show("queue", queues, (row) => row.value, fillQueue);
    show("agent", agents, (row) => row.extension, fillAgent);
    if (lost) say(looked ? words.back : "");
    [looked, lost] = [Date.now(), false];
  } catch (problem) {
    say(looked ? `${words.old} ${new Date(looked).toLocaleTimeString()}` : words["not yet"], problem);
    lost = true;
  }
  document.body.classList.toggle("lost", lost);
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, EVERY);
}

/** Bring the cards of a kind up to the rows: old ones go, new ones come, all in the rows' order. */
function show(kind, rows, key, fill) {
  const home = document.getElementById(`${kind}s`);
  const wanted = new Set(rows.map(key));
  const there = new Map([...home.children].map((card) => [card.dataset.key, card]));
  there.forEach((card, each) => wanted.has(each) || card.remove()); // first: who is moved loses the focus
  rows.forEach((row, place) => {
    const card = there.get(key(row)) ?? fresh(kind, key(row));
    if (home.children[place] !== card) home.insertBefore(card, home.children[place] ?? null);
    fill(card, row);
  });
  document.getElementById(`no-${kind}s`).hidden = rows.length > 0;
}

function fresh(kind, key) {
  const card = document.getElementById(kind).content.firstElementChild.cloneNode(true);
  card.dataset.key = key;
  card.querySelector("button")?.addEventListener("click", () => order(card));
  return card;
}

function fillQueue(card, row) {
  for (const name of ["value", "description", "waiting", "free", "talking", "staffed", "members"]) {
    put(card, name, row[name]);
  }
  count(card, row.waiting === "0" ? null : row.longest_wait, "longest_wait");
  card.classList.toggle("waits", row.waiting !== "0");
}

function fillAgent(card, row) {
  put(card, "extension", row.extension);
  put(card, "queues", row.queues.replaceAll(",", ", "));
  put(card, "calls", row.calls);
  put(card, "word", words[row.state] ?? row.state);
  count(card, row.seconds, "time");
  card.dataset.state = row.state;
  card.querySelector(".line").hidden = row.open_line !== "1";
  const [button, label] = [card.querySelector("button"), row.signed_in === "0" ? words["sign in"] : words["sign out"]];
  card.dataset.signed = row.signed_in;
  if (button.textContent !== label) button.textContent = label;
  button.setAttribute("aria-label", `${label} ${row.extension}`);
}

/** Sign the card's agent in or out, and tell how it went. */
async function order(card) {
  const [agent, button] = [card.dataset.key, card.querySelector("button")];
  if (button.hasAttribute("aria-disabled")) return; // pressed twice
  button.setAttribute("aria-disabled", "true");
  try {
    const answer = await ask(card.dataset.signed === "0" ? "signIn" : "signOut", { agent });
    const told = words[answer.msg] ?? answer.msg;
    say(answer.status ? `${agent}: ${told}` : `${agent}: ${words.refused} ${told}`);
  } catch (problem) {
    say(`${agent}: ${words.refused}`, problem);
  }
  button.removeAttribute("aria-disabled");
  await look();
}

function put(card, name, text) {
  const place = card.querySelector(`[data-value="${name}"]`);
  if (place.textContent !== text) place.textContent = text;
}

/** Show seconds that go on counting until the next answer; null shows none. */
function count(card, seconds, name) {
  const began = seconds === null ? "" : Date.now() - 1000 * Number(seconds);
  const same = began !== "" && Math.abs(began - Number(card.dataset.began || 0)) < 1500; // no jumping back and forth
  card.dataset.counts = name;
  if (!same) card.dataset.began = began;
  tick(card);
}

function tick(card) {
  const { counts, began } = card.dataset;
  put(card, counts, began === "" ? "–" : clock(Math.max(0, Math.floor((Date.now() - Number(began)) / 1000))));
}

/** Seconds as 1:05 or 1:02:05. */
function clock(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => `${number}`.padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Tell it, once: a screen reader reads what changes. */
function say(text, problem) {
  const told = problem ? `${text} (${problem.message})` : text;
  if (said.textContent !== told) said.textContent = told;
}

setInterval(() => {
  if (!lost) document.querySelectorAll(".cards > li").forEach(tick);
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else look();
});
look();
