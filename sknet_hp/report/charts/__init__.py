"""Charts of the page, as specifications of Vega-Lite: one picture a file."""
