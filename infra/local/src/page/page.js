// Keeps /_local fresh while it is looked at; without it the page works and stands still.
const refresh = async () => {
  if (document.hidden || document.querySelector("details[open]")) return;
  const text = await (await fetch("/_local")).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  document.querySelector("main").replaceWith(fresh);
};
setInterval(() => refresh().catch(() => {}), 2000);

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  await fetch(event.target.action, { method: "POST" });
  await refresh();
});
