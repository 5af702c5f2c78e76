[(identifier) (constant) (instance_variable) (class_variable)] @identifier
