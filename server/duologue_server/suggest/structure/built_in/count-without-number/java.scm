(variable_declarator name: (identifier) @name value: (string_literal) @given) @here
