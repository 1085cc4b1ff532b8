"""The texts whose attention is extracted: written for this project, six groups of sentences.

Each group is longer than `TOKENS_PER_TEXT` tokens; the extract keeps the first ones.
"""

TEXTS = (
    "The ferry left the harbour an hour late because the fog would not lift from the bay. Two engineers on "
    "the upper deck argued about whether a floating point unit should keep subnormal numbers. One of them "
    "said that nobody had ever missed a number so small, and the other answered that a bridge had once "
    "been checked with exactly such numbers. A child listened to them, drew a bridge on the wet window and "
    "then wiped it away with her sleeve. When the sun came out, the gulls turned white against the dark "
    "hills. The captain rang the bell three times, as he did every morning, though nobody waited on the "
    "pier. By noon the argument had moved to coffee, and both engineers agreed that it was too weak to "
    "keep anyone awake through an afternoon of timing reports.",
    "Rain fell on the vineyard for nine days, and on the tenth the river took the lower road. The farmer "
    "moved her bees to the chapel, where the roof was sound and the floor was dry. She counted the hives "
    "twice, wrote the number on the door with chalk, and went back for the dog. Her neighbour offered a "
    "boat, a lamp and half a loaf of rye bread, and refused to be paid for any of them. In the valley the "
    "telephone lines were silent, so messages travelled by bicycle along the railway bank. A teacher "
    "carried the post in a biscuit tin and read the addresses aloud to find out who was still at home. "
    "When the water sank, it left a grey line on every wall, and for years the children measured "
    "themselves against it.",
    "A cache line is sixty-four bytes long, which is also the length of a short postcard. If the processor "
    "asks for one byte, the memory sends the whole postcard, because the stamp costs more than the words. "
    "A program that walks through an array in order reads every word of each card. A program that jumps "
    "about pays for the stamp each time and throws most of the message away. Compilers know this and "
    "exchange loops where they can prove that the answer stays the same. Where they cannot, the programmer "
    "has to sort the data, split the table, or accept the waiting. The fastest code is often the code that "
    "moves the least, which is true of furniture as well. Measure first, then change one thing, and then "
    "measure again before you believe it.",
    "The museum keeps a clock that has run slow for two hundred years. Every Thursday a woman with a small "
    "brass key sets it right, writes the error into a ledger and closes the glass. From the ledger one can "
    "read the winters, since cold oil makes the wheels drag. One can also read the war, because for eleven "
    "months nobody came and the column is empty. A student from the university turned the numbers into a "
    "curve and found the week in which the street was electrified. The trams made the building tremble, "
    "and the pendulum lost four seconds a day until someone put felt beneath the case. Asked why the clock "
    "was not simply repaired, the woman said that a perfect clock would have remembered nothing at all.",
    "Is the test supposed to fail when the cable is unplugged, or did we forget to count that case? Please "
    "look at run 4,217: voltage 0.95 V, temperature 85 degrees, twelve errors in 3.6 million samples. All "
    "twelve are in lane seven, and all of them are one bit too high. We replaced the board and the errors "
    "stayed; we replaced the cable and they moved to lane two. So the cable was bad, yet lane seven had "
    "also been wired with the wrong length on both boards. Two faults that hide each other are worse than "
    "either of them alone. Order ten new cables, mark the old one with red tape, and do not put it back "
    "into the drawer! Thanks to everyone who stayed until midnight, and especially to Amina, who noticed "
    "the tape.",
    "My grandmother baked bread without a recipe, but she weighed the salt to the gram. Flour could vary "
    "with the weather, she said, and water with the flour, while salt was salt. The dough rested under a "
    "blue cloth until it had doubled, and only her thumb decided when that was. She never burned a loaf, "
    "although the oven had no thermometer and the door did not quite close. After she died we found a "
    "notebook with forty years of small corrections: less yeast in July, more time in the new kitchen, "
    "never on a day with thunder. My brother typed it into a spreadsheet and looked for a rule in it. The "
    "rule he found was that each loaf had been adjusted by the last one, which is how most good "
    "instruments are kept in tune.",
)
