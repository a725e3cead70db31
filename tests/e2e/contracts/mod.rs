//! What the parts of the repository owe each other.

mod architecture;
mod every_route_has_an_answer_for_everyone;
mod openapi_is_current;
mod operations_cost_what_the_table_says;
mod template_keeps_its_promises;
mod template_serves_every_route;
mod wire_is_compatible;
