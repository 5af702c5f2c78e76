(call_expression function: (selector_expression operand: (identifier) @of field: (field_identifier) @name) arguments: (argument_list) @arguments) @here
