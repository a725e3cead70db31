const token = tokenOfLink();
const describe = (response, body) => {
  const invalid = body.fields?.find((field) => field.field === "new_password");
  const message = invalid ? `The password ${invalid.message}.` : body.message;
  return message || "The password was not set. Try again in a moment.";
};
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const password = document.getElementById("new").value;
  if (password !== document.getElementById("again").value) {
    return showStatus("bad", "The two passwords differ. Enter the same password twice.");
  }
  post("Setting the password…", "/v1/auth/password-reset/confirm", json({ token, new_password: password }), describe);
});
