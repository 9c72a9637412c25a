"""What outlets put round a wire story: site furniture, pleas, spellings, synonyms, and stories that are filled-in forms.

All of it was written for these tests. Slots in braces are filled by syndicate.py."""

OUTLET_FIRST = """Northshore Riverbend Kestrel Harbour Midland Lakeside Fairview Granite Beaumont Castleford Ashgrove Pinewood Summit
Seaboard Valley Prairie Highland Bayside Crossroads Old\u00a0Town Westgate Ironbridge Millbrook Copperfield Stonehaven""".split(" ")
OUTLET_FIRST = " ".join(OUTLET_FIRST).split()
OUTLET_LAST = "Recorder Chronicle Bulletin Leader Advertiser Enquirer Messenger Star News-Press Review Intelligencer Call Record Voice Express".split()

# One line each; a site takes some of them for good.
LINES_TOP = """Skip to main content
Menu
Search the site
Sections: Nation | Region | Money | Games | Culture | Comment
Breaking
Subscribe from 1 a week
Sign in to your account
You are reading 1 of 3 free articles this month
Markets at a glance
Listen to this story (4 min)
Text size A A A
Jump to comments
Home > Wires > Latest
Edition: International
Switch to dark mode
E-paper
Puzzles
Live radio
Obituaries and notices
Find a job
Property
Motoring
Your saved stories
Alerts are on
This page refreshes by itself
By {site} Staff and Agencies
{site} wire desk
Reading time: {small} minutes
Published {clock} {zone}, updated {clock2} {zone}
Updated {clock} {zone} | {count} comments
{count} shares
{weekday}, {monthname} {day}
{temp} degrees in {town}, light winds""".split("\n")

LINES_MIDDLE = """Advertisement - scroll to continue
Article continues after this message from our partners
Sponsored
Keep scrolling for the rest of this report
[Photo: file image, agency handout]
Image caption: a view of the building last year. Picture: stock library
Play the video above
Tap here to open the gallery ({small} pictures)
More on this topic
Have your say: join the {count} readers already in the discussion
Get the {site} app for alerts like this one
Register now for free unlimited access
Chart not showing? Open it in a new window
RELATED: {headline}
See also: {headline}
MORE FROM {SITE}: {headline}
Don't miss: {headline}
In case you missed it | {headline}""".split("\n")

LINES_BOTTOM = """Most viewed
Trending now
Editor's picks
Recommended for you
Tags: business, world, wires, latest
Tags: economy; trade; government; {town}
Topics: {town} | Finance | Policy
Follow {site} on every major network
Send a correction
Report an error in this story
Print edition archive
Buy this picture
Syndicate this content
Terms, conditions and complaints procedure
Cookie settings
Accessibility statement
Modern slavery statement
How we make decisions about coverage
Contact the duty editor
Careers at {site}
Advertise with us
Back to the front page
Previous story
Next story
Share: mail, message, link
Copy link
Save for later
Gift this article
{count} comments
Page last built {clock} {zone}
Version 2.{small}.{day}
{site} is a member of the regional press council.
(c) {site} Media Holdings. Company number 0{count}47.
This wire report was published from an automatic feed and has not been edited by our team.
Reporting by our agency partners; compiled by the {site} digital desk
Corrections: an earlier edition of this page carried the wrong picture credit.
{headline}
{headline2}
1. {headline}
Popular: {headline}
Next up: {headline}""".split("\n")

# Long passages: pleas, walls, notices, author boxes. One site keeps the same ones for years.
PLEAS = """Before you go: journalism that stands on its own feet needs readers who are willing to carry a little of its weight. {site} has no owner with deep pockets and no shareholders waiting for a dividend. If what you have just read was of use to you, please think about giving a small monthly amount. It takes less than a minute, you can stop whenever you like, and every coin goes straight to the people who gather, check and edit the reports that you find here each morning.
We value your privacy. Together with our {count} partners we keep or read information on your device, such as unique identifiers and standard data sent by it, for personalised advertising, measurement of content, audience research and development of services. With your permission we may use precise location and identification by scanning. You may click to agree, or open the detailed panel and change your choices before agreeing. Some processing needs no permission, but you have the right to object to it.
Wake up informed. Every weekday at six our newsletter editors choose the five stories that will shape the day in {town} and beyond, explain why they matter, and add one thing that will make you smile. More than forty thousand neighbours already read it with their first coffee. Enter your address below and confirm the message that we send you; we never pass addresses to anyone, and leaving the list again takes a single click at the foot of each issue.
About the author: the agency desk at {site} monitors more than thirty national and foreign services round the clock and picks what readers in our circulation area need to know. The desk was founded in the days of the teleprinter and today works from two continents, so that someone is always awake. Questions about an item on this page should go to the desk rather than to the agency that supplied it.
Comments on this page are moderated after publication. Keep to the subject, be kind to other people, do not post links to shops, and use the flag when you see something that breaks the house rules. Moderators read flags between eight in the morning and ten at night. Accounts that break the rules three times in a year are closed without further notice, and closed accounts can't be opened again under another name.
Legal notice: figures for securities, commodities and currencies on this website are supplied by third parties, may be delayed by twenty minutes or longer, and are no invitation to buy or to sell. Neither {site} nor its suppliers accept liability for decisions taken on the basis of such figures. Past results say nothing about results to come. Persons resident in certain countries may be barred from some of the offers that are shown beside our articles.
Did you witness what this article describes, or do you have documents or pictures that we ought to see? Our investigations editors read every message themselves. You can reach them by ordinary post, through the secure form, or with an encrypted messenger whose number you will find under Contact. We protect sources: nobody outside the team learns who wrote to us, and we have gone to court over that principle twice.
This website uses an external service to read articles aloud. The voice is produced by a machine and may stumble over names and abbreviations. If you rely on a screen reader, choose the plain layout in your profile: it leaves out pictures, tables of prices and everything that moves. Tell us where something does not work for you, because we test with only a handful of devices and would like to do better for all our readers.
Digital subscribers to {site} enjoy crosswords, the complete archive since the first issue, recipes, two guest passes each month and an evening edition made for tablets. New members pay half for the first half year. Choose monthly or yearly billing, and pay by card or by direct debit. The offer holds for private households in our delivery area and can't be combined with other offers. Details are given during the order process.
Notice to publishers: no part of this page may be copied, stored in a retrieval system, used for training of software, or transmitted by any means without written consent of the rights department. Extracts of up to fifty words with a visible link are welcome. Schools and libraries obtain a licence without charge. For everything else please ask for our list of fees, which are modest and support the local reporters who serve this community.
Our promise on trust. Opinion is labelled, advertising is labelled, and reports from agencies carry the name of the agency. When we are wrong we say so on the same page, with the time of the change. A reader representative who is not part of the newsroom answers complaints and publishes a column about them on the last Friday of each month. Read the complete charter, which was renewed by a vote of all staff.
Help us map the potholes, broken lamps and blocked footpaths of {town}. Take a picture, mark the spot, and watch what the council does about it. Since the map opened {count} entries have been made and about half of them are marked as repaired. The map is run by volunteers together with {site} and costs taxpayers nothing. Join the spring walk with the mapping team, dogs are welcome, boots are advised, and tea is provided at the end.""".split("\n")

DATELINES = ["{CITY} ({agency}) -- ", "{CITY}, {monthname} {day} ({agency}) - ", "{CITY} \u2014 ", "({agency}) {CITY}: ", "{City}/{agency} | ", "{CITY} [{agency}] \u2013 ", ""]
AGENCIES = ["Corvus News", "Pan Wire", "NWA", "Meridian", "DPS", "Agence Sud", "Interlink"]
CREDITS = ["Source: {agency}", "\u00a9 {agency} {year}", "{agency} contributed to this report.", "-- with material from {agency}", "This article was supplied by {agency}.",
           "(Additional reporting by the {city} bureau of {agency}; editing by {name})", "Copyright {year} {agency}. Wire feed item {count}{day}."]
CITIES = "Lagos Oslo Quito Dhaka Perth Turin Accra Lyon Hanoi Porto Kyiv Minsk Recife Osaka Bergen Izmir Tunis Adelaide Ghent Calgary".split()
TOWNS = "Marlow\u00a0Bridge Eastwick Holmfield Duncombe Ferryport Sandhurst Tarnley Blackmere Oakridge Wexcombe Pellham Rothby Langmoor Thorpe\u00a0End Millport".split(" ")
NAMES = """Alma Reyes|Peter Okafor|Ingrid Solberg|Tomasz Wilk|Grace Adeyemi|Leon Fischer|Marta Quint|Samuel Oduya|Helen Marsh|Viktor Danek|Rosa Lindt|Amir Haddad|Clare Boon|
Jonas Petri|Edith Crowe|Hugo Vance|Nadia Ferro|Owen Sharpe|Lucia Prado|Dmitri Volk|Anna Keller|Brian Tully|Carla Munro|Felix Orme|Greta Holm|Ian Pascoe|Julia Brandt|Karim Nasser|
Linda Frost|Martin Yates|Olga Serova|Paul Renner|Queenie Ward|Ralph Eaton|Sonia Blum|Terence Voss|Ursula Gray|Wendy Stack|Yusuf Demir|Zoe Carver""".replace("\n", "").split("|")

SUBHEADS = ["The background", "What happens next", "\u2018No surprise\u2019", "The numbers", "Why it matters", "Long road ahead", "A divided view", "Under pressure", "Watching closely", "Key points", "The response", "In detail"]
LINKS = ["READ MORE: {headline}", "ALSO READ | {headline}", ">> {headline}", "Related coverage: {headline}", "Opinion: {headline}", "[Watch] {headline}", "EXPLAINED: {headline}"]
NEW_LEADS = ["Readers in {town} woke on {weekday} to news that had been building for weeks: {lead}",
             "It was expected, yet it drew attention on {weekday}. {lead}",
             "{title}, it was reported late on {weekday}, as officials and traders tried to judge what comes next.",
             "Fresh details emerged on {weekday} about a matter that has occupied the industry. {title}.",
             "The wires carried this on {weekday} morning: {title}."]
LOCAL = ["For {town}, where {count} people depend on trade of this kind, the news comes at an awkward moment, the chamber of commerce told the {site}. {name}, who runs a family firm on the harbour road, said that orders had held up so far and that nobody was thinking of letting staff go before the end of the season.",
         "Local member {name} said that the district council in {town} would discuss what it means for the region at its next sitting on the {day}th, and asked residents to send questions by post or to leave them at the library.",
         "The {site} asked passers-by in the centre of {town} what they made of it. \"We have seen worse,\" said {name}, a retired teacher, while her neighbour was less sure and spoke of {count} reasons to be careful.",
         "At the college in {town}, lecturer {name} has followed the subject for two decades and expects little to change for households here, although suppliers within {small} miles of the old works could feel it by autumn.",
         "A spokesman for employers around {town} counted {small} businesses with a direct link to the affair. {name}, whose workshop is one of them, told the {site} that customers had been calling since breakfast."]
FILLERS = ["Meanwhile, ", "At the same time, ", "In addition, ", "As before, ", "By then, ", "Notably, ", "In the view of many, "]

# (British, American)
SPELLING = """colour color|labour labor|favour favor|honour honor|harbour harbor|neighbour neighbor|centre center|metre meter|litre liter|theatre theater|fibre fiber|defence defense|offence offense|licence license
organise organize|recognise recognize|realise realize|stabilise stabilize|liberalise liberalize|authorise authorize|finalise finalize|nationalise nationalize|emphasise emphasize|criticise criticize|utilise utilize|capitalise capitalize
programme program|cheque check|tonne metric-ton|analyse analyze|travelled traveled|cancelled canceled|labelled labeled|modelling modeling|fuelled fueled|grey gray|plough plow|jewellery jewelry|catalogue catalog|dialogue dialog
per\u00a0cent percent|aluminium aluminum|behaviour behavior|rumour rumor|ageing aging|sceptical skeptical|instalment installment|fulfil fulfill|enrol enroll|manoeuvre maneuver|draught draft|storey story-floor|towards toward|amongst among""".replace("\n", "|").split("|")
SPELLING = [tuple(p.split(" ")) for p in SPELLING]
SPELLING = [(a.replace("\u00a0", " "), b.replace("\u00a0", " ")) for a, b in SPELLING if b not in ("check", "metric-ton", "story-floor", "draft")]

SYNONYMS = """said|stated;told|informed;announced|made known;expected|anticipated;rise|increase;rose|climbed;fell|dropped;decline|fall;increased|went up;declined|slipped;plans|intends;agreed|consented;bought|purchased;buy|purchase;sell|dispose of;sold|disposed of
large|big;major|leading;small|minor;government|administration;officials|authorities;company|firm;companies|firms;talks|negotiations;meeting|session;report|account;according to|in the words of;because|since;although|though;however|but;about|roughly;nearly|almost
more than|over;less than|under;began|started;begin|start;ended|finished;help|assist;show|indicate;showed|indicated;likely|probable;problem|difficulty;problems|difficulties;possible|feasible;current|present;recent|latest;additional|further;total|overall;new|fresh
reduce|cut;reduced|cut;raise|lift;raised|lifted;high|elevated;low|modest;strong|firm;weak|soft;market|marketplace;year|twelvemonth;also|as well;would|was to;will|is to;last|past;many|numerous;several|a number of;under|beneath;between|amid;after|following;before|prior to
analysts|observers;sources|insiders;spokesman|representative;president|head;chairman|chair;bank|lender;banks|lenders;ministry|department;minister|secretary;workers|employees;price|cost;prices|costs;demand|appetite;supply|provision;growth|expansion;trade|commerce;dispute|quarrel
decision|ruling;decided|resolved;proposal|plan;proposed|put forward;offer|bid;offered|tendered;reached|struck;continue|go on;continued|went on;remain|stay;remained|stayed;made|carried out;given|handed;received|got;called|termed;asked|requested;added|went on to say""".replace("\n", ";").split(";")
SYNONYMS = dict(p.split("|") for p in SYNONYMS)

HOUSE_WORDS = """readers|people who read us;journalism|reporting;newsroom|editorial team;page|site;website|site;please|kindly;small|little;monthly|regular;editors|journalists;morning|day;can|may;their|his or her;our|the paper's;we|the editors
you|the reader;Enter|Type in;Choose|Pick;more than|upwards of;never|at no time;every|each;half|fifty percent;stories|reports;wherever|where;without|with no;agency|news service;desk|office;picture|image;pictures|images;own|very own;read|seen
times|occasions;again|once more;volunteers|helpers;complaints|objections;training|teaching;licence|permit;fees|charges;archive|back issues;members|subscribers;voice|sound;device|phone or computer;services|products;partners|associates""".replace("\n", ";").split(";")
HOUSE_WORDS = [tuple(p.split("|")) for p in HOUSE_WORDS]

# Stories that are a form filled in: another figure or name makes another story.
TEMPLATES = {
"weather": ("{Colour} weather warning issued for {region}",
 ["The national weather service has issued a {colour} warning of {hazard} for {region}, valid from {clock} on {weekday} until {clock2} the next day.",
  "Gusts of up to {n1} kilometres an hour and {n2} millimetres of rain are possible within {small} hours, forecasters said. Residents of low-lying streets should move vehicles and secure loose objects.",
  "Train and ferry operators in {region} advise passengers to check before they set out. The fire brigade has put {n3} extra crews on call.",
  "The warning level will be reviewed every six hours. Updates are broadcast on local radio and shown on the service's website, where maps of river levels can also be found."]),
"election": ("{name} wins {ward} seat with {n4} votes",
 ["{name} has won the {ward} seat in the county election, taking {n4} votes against {n5} for {name2}, the returning officer declared at {clock}.",
  "Turnout was {n1} percent of registered electors, compared with {n2} percent four years ago. {small} ballot papers were rejected because the voter's choice was unclear.",
  "{name} thanked the counting staff and promised to work for everyone in {ward}, \"whether they voted for me or not\". {name2} said the campaign had been fair and wished the winner well.",
  "The declaration leaves {n3} of the council's 61 seats still to be counted. A full table of results by ward and party is being kept up to date through the night."]),
"court": ("Court list for {weekday}: {court}",
 ["The following matters are listed before {court} on {weekday} {day} {monthname}, starting at {clock} in courtroom {small}.",
  "{name}, aged {n1}, of {town}, is charged with driving while disqualified and without insurance. {name2}, aged {n2}, is charged with theft of goods to the value of {n5} from a shop in {region}.",
  "A third defendant, {name3}, aged {n3}, is to be sentenced for criminal damage after a plea of guilty entered at an earlier hearing. The bench will be chaired by {name4}.",
  "All defendants are presumed innocent unless they have admitted the offence. Lists may change at short notice; members of the public who wish to attend should ask at the enquiry desk."]),
"earnings": ("{firm} posts quarterly {result} of {n1} million",
 ["{firm} reported a net {result} of {n1} million for the three months to the end of {monthname}, compared with {n2} million in the same period a year before.",
  "Revenue came to {n5} million, {n3} percent {updown} on the year, and earnings per share were {small}.{day} against a consensus of {small2}.{n2}, the group said in a statement to the exchange.",
  "Chief executive {name} described trading as in line with plan and left guidance for the full year unchanged. The board declared an interim dividend of {n3} cents, payable next month to holders on the register.",
  "The shares closed {n2} cents {updown} before the announcement. A conference call for analysts was to begin at {clock}, and a recording is to be put on the investor pages."]),
"traffic": ("{n3} hurt in {road} collision near {town}",
 ["{n3} people were taken to hospital after a collision between a {vehicle} and a {vehicle2} on the {road} near {town} at about {clock} on {weekday}, police said.",
  "The {road} was closed in both directions for {small} hours while investigators examined the scene and a recovery firm removed the vehicles. Queues reached {n1} kilometres at their longest.",
  "The driver of the {vehicle}, aged {n2}, was said to be in a stable condition. Nobody else was in danger, a hospital spokeswoman said.",
  "Anyone who saw the collision, or who has footage from a camera in a vehicle, is asked to call the traffic unit and to quote reference {n5}. Officers thanked motorists for their patience."]),
"obituary": ("{name}, {job}, dies aged {n1}",
 ["{name}, who was for {n3} years a {job} in {town}, has died after a short illness at the age of {n1}, the family announced on {weekday}.",
  "Born in {city} as the youngest of {small} children, {lastname} came to {town} at {n2} and never left. Colleagues remember a patient teacher with a dry wit and a dislike of meetings.",
  "{lastname} is survived by a sister, {name2}, and {small2} grandchildren. Books of condolence have been opened at the town hall and the library.",
  "The funeral is to be held at {clock} on {weekday2} at the parish church, with a gathering afterwards to which all are welcome. Instead of flowers the family ask for gifts to the lifeboat fund."]),
"lottery": ("Lottery: {weekday} numbers {n1}, {n2}, {n3}, {small}, {day}",
 ["The numbers drawn in {weekday}'s lottery were {n1}, {n2}, {n3}, {small} and {day}. The bonus ball was {small2} and draw set {setname} was used.",
  "{winners} matched all the numbers to share a jackpot of {n5} thousand. A further {n4} players won smaller prizes for four numbers and the bonus ball, the operator said.",
  "The next draw, on {weekday2}, has an estimated top prize of {n6} thousand. Tickets can be bought until {clock} on the day in shops and through the app.",
  "Prizes must be claimed within 180 days. The operator reminds players to set limits and to ask for help early if the game is no longer fun. Proceeds support sport, heritage and the arts."]),
"auction": ("{item} sells for {n5} at {house}",
 ["A {item} sold for {n5} at {house} in {city} on {weekday}, against an estimate of {n4} before the sale.",
  "Lot {n1} went after {small} minutes of bidding to a buyer on the telephone who did not wish to be named. {n3} of {n2} lots found buyers, specialist {name} said.",
  "The seller, a collector from {town}, had owned the piece since the age of {n2}. A similar one made less than half of that sum when it was last offered.",
  "Prices include the buyer's premium but no taxes. The next sale in the series takes place in {monthname}, and catalogues are sent free of charge on request."]),
}
SLOT_LISTS = {
 "colour": "yellow amber red orange".split(), "hazard": ["strong wind", "heavy rain", "snow and ice", "thunderstorms", "coastal flooding"],
 "region": ["the Marle valley", "North Ansby", "the Tern coast", "Upper Corrow", "the Saltings", "East Dunmore", "Lower Vale", "Carrick Downs"],
 "ward": ["Hillside", "Dockland", "St Anne's", "Quarry Lane", "Moorgate East", "Abbey Park", "Northfield", "Market Ward", "Lockside", "Beacon Hill"],
 "court": ["Ferryport Magistrates", "Rothby County Court", "Oakridge District Court", "Langmoor Crown Court", "Millport Sheriff Court"],
 "firm": ["Halden Foods", "Brightwater Utilities", "Norvik Shipping", "Tessera Software", "Calder Steel", "Pomona Retail", "Aster Pharma", "Quill Media", "Redland Cement", "Juno Airways"],
 "result": ["profit", "loss"], "updown": ["up", "down"], "road": ["A417", "M9", "B2031", "A66", "ring road", "coast road", "Route 12"],
 "vehicle": ["van", "lorry", "motorcycle", "school bus", "tractor", "taxi"], "vehicle2": ["car", "minibus", "pick-up", "delivery truck", "bicycle"],
 "job": ["choirmaster", "harbour pilot", "primary school head", "botanist", "court reporter", "cabinet maker", "football referee", "midwife"],
 "setname": "Arthur Lancelot Merlin Guinevere".split(), "winners": ["Nobody", "One ticket", "Two tickets", "Three tickets"],
 "item": ["violin of 1741", "ship's chronometer", "signed first edition", "walnut bureau", "silver tea service", "lunar map", "racing bicycle"],
 "house": ["Pelham's", "Brandt and Daughters", "the Quayside Rooms", "Lorimer's"],
}
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
