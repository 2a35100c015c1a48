"""What flows through Swarmscope: frozen values that import nothing but the standard library."""
