(function_declaration name: (identifier) @name) @function
(method_declaration name: (field_identifier) @name) @method
(type_declaration (type_spec name: (type_identifier) @name type: (struct_type)) @struct)
(type_declaration (type_spec name: (type_identifier) @name type: (interface_type)) @interface)
(type_declaration (type_spec name: (type_identifier) @name type: [(type_identifier) (qualified_type) (slice_type) (map_type) (pointer_type) (function_type)]) @type)
(const_spec name: (identifier) @name) @constant
