// The little script of the pages around the room.  Every page but two works without it; on the page of a link and on the
// set-up page it takes the token out of the address, which nothing else can do.

// Before anything else: the token leaves the address bar and the history entry (it was never sent anywhere).
let token = takeToken();

function takeToken(): string {
  if (location.pathname !== "/join" && location.pathname !== "/setup") return "";
  const taken = location.hash.slice(1);
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
  return taken;
}

function all<T extends HTMLElement>(selector: string): T[] {
  return [...document.querySelectorAll<T>(selector)];
}

/** Put the token into the form and show the form; without one, show what to do. */
function offerForm(): void {
  for (const excuse of all("[data-without-script]")) excuse.hidden = true;
  const fields = all<HTMLInputElement>("[data-token]");
  if (token !== "") for (const field of fields) field.value = token;
  const known = fields.some((field) => field.value !== "");
  for (const part of all("[data-with-token]")) part.hidden = !known;
  for (const part of all("[data-without-token]")) part.hidden = known;
}

/** A link that was pasted into this same window changes only the fragment: no new page is loaded. */
function onNewFragment(): void {
  const taken = takeToken();
  if (taken === "") return;
  token = taken;
  // the answer to a link that opens nothing has no form: its page again, which a fragment alone would not load
  if (all("[data-token]").length === 0) location.replace(`${location.pathname}?#${taken}`);
  else offerForm();
}

/** Times as the reader's own clock shows them, with the name of its zone. */
function localTime(iso: string): string {
  const { lang } = document.documentElement;
  const spoken = navigator.languages.find((language) => language.split("-")[0] === lang) ?? lang;
  return new Intl.DateTimeFormat(spoken, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(new Date(iso));
}

function showLocalTimes(): void {
  for (const element of all<HTMLTimeElement>("time[data-moment]"))
    element.textContent = localTime(element.dateTime);
  for (const words of all<HTMLTextAreaElement>("textarea[data-moment]"))
    words.value = words.value.replace(
      words.dataset["spoken"] ?? "",
      localTime(words.dataset["moment"] ?? ""),
    );
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of all<HTMLInputElement>("[data-zone]")) if (field.value === "") field.value = zone;
  for (const name of all("[data-zone-name]")) name.textContent = zone;
}

function offerCopying(): void {
  for (const button of all<HTMLButtonElement>("[data-copy]")) {
    const source = document.getElementById(button.dataset["copy"] ?? "");
    if (!(source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement)) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      source.select();
      navigator.clipboard.writeText(source.value).then(
        () => say("Copied."),
        () => say("Please copy it by hand: it is marked."),
      );
    });
  }
}

function say(words: string): void {
  for (const place of all("[data-said]")) place.textContent = words;
}

/** Supporters and interpreters belong to somebody, nobody else does: show the question only where it is one. */
function followRoles(): void {
  for (const role of all<HTMLSelectElement>("select[name^='role']")) {
    const belongs = document.getElementById(role.id.replace("role", "with"));
    const field = belongs?.closest<HTMLElement>(".field");
    if (!(belongs instanceof HTMLSelectElement) || !field) continue;
    const follow = (): void => {
      field.hidden = !["supporter", "interpreter"].includes(role.value);
      if (field.hidden) belongs.value = "";
    };
    role.addEventListener("change", follow);
    if (belongs.value === "") follow();
  }
}

/** People are offered by the name that was typed a moment ago. */
function followNames(): void {
  for (const name of all<HTMLInputElement>("input[name^='label-']")) {
    const number = name.name.replace("label-", "");
    name.addEventListener("input", () => {
      for (const option of all<HTMLOptionElement>(`select[name^='with-'] option[value='${number}']`))
        option.textContent = `Person ${number}${name.value === "" ? "" : `: ${name.value}`}`;
    });
  }
}

/** A second press on a button that is already under way sends nothing twice. */
function sendOnce(): void {
  let sent = new WeakSet<EventTarget>();
  document.addEventListener("submit", (event) => {
    if (event.target === null) return;
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
  });
  // the browser's "back" may bring the page back as it was left
  addEventListener("pageshow", () => {
    sent = new WeakSet();
  });
}

/** An answer to a form has the address of the form; a reload must show the page and not send the form again. */
function showAddress(): void {
  const address = document.querySelector<HTMLElement>("[data-address]")?.dataset["address"];
  if (address !== undefined) history.replaceState(null, "", address);
}

function leaveWithoutTrace(): void {
  for (const link of all<HTMLAnchorElement>("a[data-leave]"))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.replace(link.href);
    });
}

document.addEventListener("DOMContentLoaded", () => {
  offerForm();
  addEventListener("hashchange", onNewFragment);
  showLocalTimes();
  offerCopying();
  followRoles();
  followNames();
  sendOnce();
  leaveWithoutTrace();
  showAddress();
  document.querySelector<HTMLElement>("[data-focus]")?.focus();
});
