"use strict";

// One conversation with the model, and what its engine does meanwhile. Texts go into the page as text, never as HTML.
const by = id => document.getElementById(id);
let model = "";
let conversation = [];
let answering = null; // stops the answer that is streaming

function show(role, text) {
  const box = document.createElement("div");
  box.className = "message";
  const who = document.createElement("b");
  who.textContent = role === "user" ? "You" : "Model";
  const words = document.createElement("p");
  words.textContent = text;
  box.append(who, words);
  by("messages").append(box);
  return words;
}

function busy(on) {
  by("send").disabled = on;
  by("stop").disabled = !on;
  by("messages").setAttribute("aria-busy", String(on));
}

// The data of each event of a stream, whatever pieces it comes in.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const lines = rest.slice(0, end).split("\n").filter(line => line.startsWith("data:"));
      rest = rest.slice(end + 2);
      if (lines.length) yield lines.map(line => line.slice(5).replace(/^ /, "")).join("\n");
    }
  }
}

async function refusal(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `the server answered with status ${response.status}`;
  }
}

async function answer(words, messages, signal) {
  // The first message may be quicker than the list of models, and the server may have been loading when that was asked for.
  if (!model) await begin();
  if (!model) throw new Error(by("model").textContent);
  const response = await fetch("v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model,
      messages,
      max_tokens: Number(by("most").value),
      temperature: Number(by("warmth").value),
      stream: true,
    }),
    signal,
  });
  if (!response.ok) throw new Error(await refusal(response));
  let finished = false;
  for await (const data of events(response.body)) {
    if (data === "[DONE]") {
      finished = true;
      continue;
    }
    const part = JSON.parse(data);
    if (part.error) throw new Error(part.error.message);
    const text = part.choices?.[0]?.delta?.content ?? "";
    if (text) {
      const log = by("messages");
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      words.append(text);
      if (atEnd) log.scrollTop = log.scrollHeight;
    }
  }
  if (!finished) throw new Error("the connection ended before the answer did");
}

async function send() {
  const text = by("prompt").value.trim();
  if (!text || answering) return;
  by("prompt").value = "";
  const mine = conversation; // "New conversation" puts another in its place: what comes late belongs to this one
  mine.push({ role: "user", content: text });
  show("user", text);
  const words = show("assistant", "");
  by("messages").scrollTop = by("messages").scrollHeight;
  const stopper = new AbortController();
  answering = stopper;
  busy(true);
  by("said").textContent = "The model answers.";
  try {
    await answer(words, mine, stopper.signal);
    by("said").textContent = "The model said: " + words.textContent;
  } catch (error) {
    if (error.name === "AbortError") {
      by("said").textContent = "Stopped.";
    } else {
      const failure = show("assistant", error.message);
      failure.parentElement.classList.add("failed");
      by("said").textContent = "Failed: " + error.message;
    }
  } finally {
    if (words.textContent) {
      mine.push({ role: "assistant", content: words.textContent });
    } else {
      words.parentElement.remove();
      mine.pop();
    }
    answering = null;
    busy(false);
    by("prompt").focus();
  }
}

function stop() {
  if (answering) answering.abort();
}

function clear() {
  stop();
  conversation = [];
  by("messages").replaceChildren();
  by("prompt").focus();
}

function slots(rows) {
  if (!rows.length) rows = [null];
  by("slots").replaceChildren(...rows.map(row => {
    const line = document.createElement("tr");
    const cells = row ? [row.slot, row.request, row.work, row.tokens, row.pages] : ["nobody runs"];
    for (const value of cells) {
      const cell = document.createElement("td");
      cell.textContent = value;
      if (!row) cell.colSpan = 5;
      line.append(cell);
    }
    return line;
  }));
}

function live() {
  const source = new EventSource("live");
  source.onopen = () => { by("connection").textContent = "connected"; };
  source.onerror = () => { by("connection").textContent = "the server does not answer; trying again …"; };
  source.onmessage = message => {
    const now = JSON.parse(message.data);
    const { used, idle, free } = now.pages;
    const all = used + idle + free;
    by("connection").textContent = now.state;
    by("speed").textContent = now.tokens_per_s.toFixed(1);
    by("running").textContent = now.running;
    by("waiting").textContent = now.waiting;
    by("generated").textContent = now.generated_tokens;
    by("pages").querySelector(".used").style.width = `${100 * used / all}%`;
    by("pages").querySelector(".idle").style.width = `${100 * idle / all}%`;
    by("pages-text").textContent = `${used} used, ${idle} kept for later, ${free} free, of ${all}`;
    slots(now.slots);
  };
}

async function begin() {
  try {
    const response = await fetch("v1/models");
    if (!response.ok) throw new Error(await refusal(response));
    model = (await response.json()).data[0].id;
    by("model").textContent = model;
  } catch (error) {
    by("model").textContent = `no model: ${error.message}`;
  }
}

by("form").addEventListener("submit", event => {
  event.preventDefault();
  send();
});
by("prompt").addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape") stop();
});
by("stop").addEventListener("click", stop);
by("clear").addEventListener("click", clear);
begin();
live();
