(class_declaration name: (identifier) @name) @class
(record_declaration name: (identifier) @name) @record
(interface_declaration name: (identifier) @name) @interface
(annotation_type_declaration name: (identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(method_declaration name: (identifier) @name) @method
(constructor_declaration name: (identifier) @name) @constructor
(compact_constructor_declaration name: (identifier) @name) @constructor
(variable_declarator name: (identifier) @name value: (lambda_expression)) @function
(field_declaration (modifiers "static" "final") declarator: (variable_declarator name: (identifier) @name)) @constant
