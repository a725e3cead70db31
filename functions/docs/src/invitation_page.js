const form = document.getElementById("invitation");
const statusLine = document.getElementById("status");
const button = form.querySelector("button");
const value = (id) => document.getElementById(id).value.trim();
// the base is not empty if the API is below a path of its host
const base = location.pathname.replace(/\/invitation\/?$/, "");
const parameters = new URLSearchParams(location.search);
const token = parameters.get("token");
const showStatus = (kind, text) => { statusLine.className = kind; statusLine.textContent = text; };
document.getElementById("email").value = parameters.get("email") || "";
if (!token) {
  showStatus("bad", "This link is not complete. Open the link in the e-mail again.");
  button.disabled = true;
}
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  showStatus("", "Creating the account…");
  const account = { invitation: token, email: value("email"), name: value("name"), password: document.getElementById("password").value };
  if (value("username")) {
    account.username = value("username");
  }
  try {
    // no cookies: the person signs in in their app, and an account that is signed in here stays
    const response = await fetch(`${base}/v1/auth/register`, {
      method: "POST",
      credentials: "omit",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(account),
    });
    const body = await response.json().catch(() => ({}));
    const message = body.message ? `${body.message[0].toUpperCase()}${body.message.slice(1)}.` : "";
    const done = "Your account is ready. Sign in to your app with it.";
    showStatus(response.ok ? "good" : "bad", response.ok ? done : message || "The account was not created. Try again in a moment.");
    form.hidden = response.ok;
  } catch {
    showStatus("bad", "The server did not respond. Check your connection and try again.");
  }
  button.disabled = false;
});
