//! What the parts of the repository owe each other.

mod architecture;
mod asyncapi_is_current;
mod every_route_has_an_answer_for_everyone;
mod openapi_is_current;
mod operations_cost_what_the_table_says;
mod permissions_are_as_written;
mod template_is_current;
mod template_keeps_its_promises;
mod template_names_what_exists;
mod template_serves_every_route;
mod wire_is_compatible;
mod written_template;
