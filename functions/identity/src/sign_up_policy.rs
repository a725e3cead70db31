//! Reads who may register from the settings of the function.

use entry::{Environment, StartError};
use model::sign_up::{SignUpPolicy, SignUpPolicyError};

const MODE: &str = "SIGN_UP";
const DOMAINS: &str = "SIGN_UP_DOMAINS";

/// Returns the policy of the parameters `SignUp` and `SignUpDomains`. Without them, every person may register.
///
/// # Errors
/// `StartError` that names the parameter if a setting is invalid.
pub(crate) fn from_environment(environment: &Environment) -> Result<SignUpPolicy, StartError> {
    let mode = environment.get(MODE).unwrap_or_default();
    let domains = environment.get(DOMAINS).unwrap_or_default();
    SignUpPolicy::parse(mode, domains).map_err(|error| match error {
        SignUpPolicyError::Mode => StartError::invalid(MODE, format!("the parameter SignUp {error}")),
        SignUpPolicyError::Domains(_) => {
            StartError::invalid(DOMAINS, format!("the parameter SignUpDomains {error}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use entry::Clock;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<SignUpPolicy, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Environment::new(variables.collect(), Clock::system());
        from_environment(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn an_invalid_setting_names_its_parameter() {
        assert_eq!(read(&[]), Ok(SignUpPolicy::Open));
        assert_eq!(read(&[(MODE, "invited"), (DOMAINS, "")]), Ok(SignUpPolicy::Invited));
        let domains = [(MODE, "domains"), (DOMAINS, "example.com")];
        assert_eq!(read(&domains), Ok(SignUpPolicy::Domains(vec!["example.com".into()])));
        let mode = read(&[(MODE, "everyone")]).unwrap_err();
        assert!(mode.contains("SIGN_UP is invalid: the parameter SignUp must be open"), "{mode}");
        let domains = read(&[(MODE, "domains")]).unwrap_err();
        assert!(domains.contains("the parameter SignUpDomains must list"), "{domains}");
    }
}
