const token = tokenOfLink();
const value = (id) => document.getElementById(id).value.trim();
document.getElementById("email").value = parameters.get("email") || "";
const describe = (response, body) => response.ok
  ? "Your account is ready. Sign in to your app with it."
  : sentence(body.message) || "The account was not created. Try again in a moment.";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const account = { invitation: token, email: value("email"), name: value("name"), password: document.getElementById("password").value };
  if (value("username")) {
    account.username = value("username");
  }
  post("Creating the account…", "/v1/auth/register", json(account), describe);
});
