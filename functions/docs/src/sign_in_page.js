const form = document.getElementById("sign-in");
const statusLine = document.getElementById("status");
const button = form.querySelector("button");
// the base is not empty if the API is below a path of its host
const base = location.pathname.replace(/\/sign-in\/?$/, "");
const requested = new URLSearchParams(location.search).get("next") || "/";
// only a path of this origin, never another host
const next = /^\/(?![\/\\])/.test(requested) ? requested : "/";
const showStatus = (kind, text) => { statusLine.className = kind; statusLine.textContent = text; };
if (next.includes("/report")) {
  document.getElementById("purpose").textContent = "Sign in to read the report of your session.";
}
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  showStatus("", "Signing in…");
  try {
    const response = await fetch(`${base}/v1/auth/login`, {
      method: "POST",
      // an old cookie comes along, and a write with a cookie needs the proof
      headers: { "content-type": "application/json", "x-csrf": "1" },
      body: JSON.stringify({ login: document.getElementById("login").value, password: document.getElementById("password").value }),
    });
    if (response.ok) {
      return location.assign(base + next);
    }
    const body = await response.json().catch(() => ({}));
    const message = body.message ? `${body.message[0].toUpperCase()}${body.message.slice(1)}.` : "";
    showStatus("bad", message || "You are not signed in. Try again in a moment.");
  } catch {
    showStatus("bad", "The server did not respond. Check your connection and try again.");
  }
  button.disabled = false;
});
