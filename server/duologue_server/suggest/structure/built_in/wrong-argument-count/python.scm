(call function: (identifier) @name arguments: (argument_list) @arguments) @here
((call function: (attribute object: (identifier) @self attribute: (identifier) @name) arguments: (argument_list) @arguments) @here (#eq? @self "self"))
