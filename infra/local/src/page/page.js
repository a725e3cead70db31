// Updates /_local every two seconds while the tab is visible. Without this script the page works, but does not update.
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
