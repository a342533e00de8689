"""The way in: finds out who is there, draws the menu they may see, and runs the page they asked for.

Every page guards itself as well (`open_page`): Streamlit can be made to run a page file without this one.
"""

from core.ui.navigation import run

run()
