(call_expression function: (identifier) @name arguments: (arguments) @arguments) @here
(call_expression function: (member_expression object: (this) @self property: (property_identifier) @name) arguments: (arguments) @arguments) @here
