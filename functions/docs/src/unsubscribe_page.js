const token = tokenOfLink();
const describe = (response, body) => sentence(body.message) || "That did not work. Try again in a moment.";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const path = `/v1/notifications/unsubscribe?token=${encodeURIComponent(token)}`;
  post("One moment…", path, { body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) }, describe);
});
