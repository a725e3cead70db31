//! The contracts between the parts of the repository.

mod architecture;
mod areas_are_separate;
mod asyncapi_is_current;
mod citations_resolve;
mod control_characters_are_refused;
mod documentation_is_current;
mod every_job_has_a_worker;
mod every_operation_has_an_example;
pub(crate) mod every_route_answers_every_role;
mod openapi_is_current;
mod operations_cost_what_costs_md_says;
mod parsed_template;
mod permissions_match_permissions_md;
mod plain_words;
mod template_follows_the_rules_of_operation;
mod template_is_current;
mod template_references_resolve;
mod template_serves_every_route;
mod wire_is_compatible;
