(call function: (identifier) @name arguments: (argument_list) @arguments) @here
