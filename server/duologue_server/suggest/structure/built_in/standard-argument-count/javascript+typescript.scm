(call_expression function: (member_expression object: (identifier) @of property: (property_identifier) @name) arguments: (arguments) @arguments) @here
