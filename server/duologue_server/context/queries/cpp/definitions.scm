(function_definition declarator: (function_declarator declarator: [(identifier) (operator_name)] @name)) @function
(function_definition declarator: (function_declarator declarator: [(field_identifier) (destructor_name)] @name)) @method
(function_definition declarator: (function_declarator declarator: (qualified_identifier name: (_) @name))) @method
(function_definition declarator: (_ (function_declarator declarator: [(identifier) (operator_name)] @name))) @function
(function_definition declarator: (_ (function_declarator declarator: (field_identifier) @name))) @method
(function_definition declarator: (_ (function_declarator declarator: (qualified_identifier name: (_) @name)))) @method
(declaration declarator: (init_declarator declarator: (identifier) @name value: (lambda_expression))) @function
(class_specifier name: (_) @name body: (_)) @class
(struct_specifier name: (_) @name body: (_)) @struct
(union_specifier name: (_) @name body: (_)) @union
(enum_specifier name: (_) @name body: (_)) @enum
(namespace_definition name: (_) @name) @namespace
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @type
(type_definition type: (struct_specifier !name) declarator: (type_identifier) @name) @struct
(preproc_def name: (identifier) @name) @constant
(preproc_function_def name: (identifier) @name) @macro
(translation_unit (declaration (type_qualifier) declarator: (init_declarator declarator: (identifier) @name)) @constant)
