(call_expression function: (identifier) @name arguments: (arguments) @arguments) @here
