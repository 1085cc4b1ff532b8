"""How engines and PDK data are had."""
