(variable_declarator name: (identifier) @name value: [(array) (string)] @given) @here
