const form = document.getElementById("verify");
const statusLine = document.getElementById("status");
const button = form.querySelector("button");
// the base is not empty if the API is below a path of its host
const base = location.pathname.replace(/\/verify\/?$/, "");
const token = new URLSearchParams(location.search).get("token");
const showStatus = (kind, text) => { statusLine.className = kind; statusLine.textContent = text; };
if (!token) {
  showStatus("bad", "This link is not complete. Open the link in the e-mail again.");
  button.disabled = true;
}
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  showStatus("", "One moment…");
  try {
    // no cookies: the token alone authorises the request, and a cookie would need a CSRF proof
    const response = await fetch(`${base}/v1/auth/email-verification/link`, {
      method: "POST",
      credentials: "omit",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    const body = await response.json().catch(() => ({}));
    const message = body.message ? `${body.message[0].toUpperCase()}${body.message.slice(1).replace(/\.?$/, "")}.` : "";
    showStatus(response.ok ? "good" : "bad", message || "That did not work. Try again in a moment.");
    form.hidden = response.ok;
  } catch {
    showStatus("bad", "The server did not respond. Check your connection and try again.");
  }
  button.disabled = false;
});
