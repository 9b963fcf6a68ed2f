"""The parts of the HTML report: words, charts, tables; the template, the style, the script."""
