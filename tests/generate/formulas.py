"""Formula stories of a wire: notices whose words are a form and whose names, figures and days are the news.

story(form, rng) tells one: the title and the paragraphs. Two tellings of a form share most of their words and are
different stories. Names are made of syllables, so that nobody's are used and few come twice; what a form has from
short lists (days, agents, currencies) comes again and again, as in the real ones.
"""

FIRST = """Al Bar Cal Dor El Fen Gal Hol Is Jar Kel Lam Mor Nor Or Pel Quin Ros Sal Tor Ul Van Wes Yar Zan Bren Crow Dun
Fair Glen Har King Lind Mill New Oak Pem Rock Stan Thorn""".split()
LAST = """a ada aler alia ance and ard aron as bridge by corn dale don el en ence enta er est field ford gate ham ia
ick ide
ing ington is la land ley lo low man mark mere mont more na nel no on or ova ra ridge rick ro son sted stone ton tran
vale ville ward well wick win wood worth""".split()
KINDS = """Industries Holdings Group Stores Electric Chemical Oil Steel Foods Airlines Motors Paper Mining Insurance
Financial Brands Systems Products Resources Bancorp Textiles Shipping Cement Drugs""".split()
FORMS_OF_FIRM = ["Inc", "Corp", "Plc", "AG", "SA", "NV", "Ltd", "Co", "AB", "SpA", "KK", "Oy"]
BANKS = """Merton Frere|Dalby Brothers|Union de Banques Rhodaniennes|Kaito Securities|Northgate International|Westerbank
Capital Markets|Credit Liegeois|Orion Weiss|Banque du Marais|Nikura Europe|Sachs Lorimer|Ostbank|Harrow and Sons|First
Pacific|Handelsbank Sund""".replace("\n", " ").split("|")
PLACES = "Luxembourg London Zurich Singapore Amsterdam Frankfurt".split()
CURRENCIES = ["dlrs", "marks", "stg", "Swiss francs", "yen", "Canadian dlrs", "Australian dlrs", "guilders", "ECUs"]
DAYS = "Monday Tuesday Wednesday Thursday Friday".split()
MONTHS = "January February March April May June July August September October November December".split()
CROPS = ["soft red winter wheat", "white wheat", "durum wheat", "yellow corn", "soybean meal",
         "barley", "rice", "sorghum"]
COUNTRIES = """Egypt Jordan Morocco Algeria Tunisia Iraq Yemen Sri-Lanka Bangladesh Zaire Senegal Jamaica Guatemala
Poland
Turkey Pakistan""".split()
CLUBS = "Rovers United Athletic Wanderers Town City Albion Harriers".split()
SEAS = ["the coast of", "a point west of", "the mountains north of", "the strait south of", "the islands off"]


def name(rng):
    return rng.choice(FIRST) + rng.choice(LAST)


def firm(rng):
    style = rng.random()
    if style < 0.3:
        return "%s %s" % (name(rng), rng.choice(FORMS_OF_FIRM))
    if style < 0.75:
        return "%s %s %s" % (name(rng), rng.choice(KINDS), rng.choice(FORMS_OF_FIRM))
    return "%s and %s %s" % (name(rng), name(rng), rng.choice(FORMS_OF_FIRM))


def eighth(rng, low, high):
    return "%d%s" % (rng.randint(low, high), rng.choice(["", "-1/8", "-1/4", "-3/8", "-1/2", "-5/8", "-3/4", "-7/8"]))


def decimal(rng, low, high, places=1):
    return "%.*f" % (places, rng.uniform(low, high))


def date(rng):
    return "%s %d" % (rng.choice(MONTHS), rng.randint(1, 28))


def some(rng, *sentences, keep=0.75):
    """These sentences, most of them: a form has clauses that not every notice needs."""
    return " ".join(s for s in sentences if s and (s is sentences[0] or rng.random() < keep))


def bond(rng):
    issuer, bank, place, money = firm(rng), rng.choice(BANKS), rng.choice(PLACES), rng.choice(CURRENCIES)
    amount, year = rng.randrange(25, 500, 5), rng.randint(1990, 2002)
    said = rng.choice(["lead manager %s said", "%s said as lead manager", "bookrunner %s said"]) % bank
    return "%s ISSUES %d MLN %s BOND" % (issuer.upper(), amount, money.upper()), [
        "%s is issuing a %d mln %s eurobond due %s, %d paying %s pct and priced at %s, %s."
        % (issuer, amount, money, date(rng), year, eighth(rng, 4, 14), eighth(rng, 99, 102), said),
        some(
            rng,
            "The %sbond is available in denominations of %d,000 %s and will be listed in %s."
            % (rng.choice(["non-callable ", "", ""]), rng.choice([1, 5, 10, 20]), money, place),
            "The selling concession is %s pct while management and underwriting combined pays %s pct."
            % (eighth(rng, 1, 1), rng.choice(["1/2", "5/8", "3/4", "3/8"])),
            "The payment date is %s." % date(rng),
            "The issue is callable from %d at %s declining by %s pct a year."
            % (year - 3, eighth(rng, 101, 103), "1/2"),
            "There is a long first coupon." if rng.random() < 0.2 else "",
        ),
    ]


def warrants(rng):
    issuer, bank, amount = firm(rng), rng.choice(BANKS), rng.randrange(30, 200, 5)
    return "%s SETS EQUITY WARRANT ISSUE" % issuer.upper(), [
        "%s is launching a %d mln dlr bond with equity warrants attached, maturing on %s, %d and with an "
        "indicated coupon "
        "of %s pct priced at par, lead manager %s said."
        % (issuer, amount, date(rng), rng.randint(1990, 1995), eighth(rng, 1, 4), bank),
        some(
            rng,
            "Final terms will be fixed on %s." % date(rng),
            "The warrants are exercisable from %s until %s, at a premium of about %s pct over the closing price "
            "of the shares."
            % (date(rng), date(rng), decimal(rng, 2, 5)),
            "The issue is guaranteed by %s and will be listed in %s." % (rng.choice(BANKS), rng.choice(PLACES)),
            "Each bond of 5,000 dlrs carries one warrant.",
        ),
    ]


def dividend(rng):
    issuer, cents = firm(rng), rng.randint(4, 90)
    return "%s SETS QUARTERLY" % issuer.upper(), [
        some(
            rng,
            "%s said its board declared a regular quarterly dividend of %d cts per share, payable %s to "
            "shareholders of "
            "record %s." % (issuer, cents, date(rng), date(rng)),
            rng.choice(
                [
                    "The company said the payout is unchanged from the previous quarter.",
                    "It paid %d cts in the previous quarter." % max(1, cents - rng.randint(0, 5)),
                    "The company has paid dividends without interruption since %d." % rng.randint(1890, 1970),
                ]
            ),
            "The annual meeting of shareholders will be held on %s in %s." % (date(rng), name(rng)),
            "A spokesman said the board would next review the dividend in %s." % rng.choice(MONTHS),
        )
    ]


def results(rng):
    issuer, now, before = firm(rng), rng.uniform(0.1, 3), rng.uniform(0.1, 3)
    shares = rng.uniform(2, 60)
    return "%s 1ST QTR NET" % issuer.upper(), [
        "%s reported operating results for the period ended %s as follows." % (issuer, date(rng)),
        "Shr %s cts vs %s cts. Net %s mln vs %s mln. Revs %s mln vs %s mln. Avg shrs %s mln vs %s mln."
        % tuple(
            decimal(rng, v * 0.98, v * 1.02)
            for v in (now * 100, before * 100, now * shares, before * shares, now * 400, before * 380, shares, shares)
        ),
        some(
            rng,
            "NOTE: Current quarter includes a gain of %s mln dlrs, or %d cts a share, from the sale of a unit."
            % (decimal(rng, 0.2, 20), rng.randint(2, 40)),
            "Prior year restated for a change in the method of accounting for taxes.",
            "Backlog at the end of the period rose to %s mln dlrs." % decimal(rng, 20, 900),
        ),
    ]


def shortage(rng):
    amount, now = rng.randrange(100, 1500, 50), rng.choice(["early", "late", "further", "morning"])
    return "MONEY MARKET GIVEN %d MLN STG HELP" % amount, [
        "The central bank said it had provided the money market with %d mln stg of %s assistance, compared with its "
        "estimate of a shortage in the system of around %d mln stg."
        % (amount, now, amount + rng.randrange(0, 400, 25)),
        "The bank bought bank bills outright, at the lowest of its dealing rates, comprising %d mln stg in "
        "band one at %s "
        "pct and %d mln stg in band two at %s pct."
        % (rng.randint(5, 200), eighth(rng, 8, 11), rng.randint(5, 200), eighth(rng, 8, 11)),
        some(
            rng,
            "Among the main factors affecting liquidity, bills maturing in official hands and the take-up of treasury "
            "bills would drain some %d mln stg." % rng.randint(50, 900),
            "A rise in note circulation would take out %d mln stg." % rng.randint(20, 400),
            "Partly offsetting these outflows, exchequer transactions would add around %d mln stg."
            % rng.randint(20, 400),
        ),
    ]


def repurchase(rng):
    amount, rate = decimal(rng, 1, 3), decimal(rng, 5, 8, 2)
    return "FED SETS %s BILLION DLR CUSTOMER REPURCHASE" % amount, [
        "The reserve bank entered the government securities market to arrange %s billion dlrs of customer repurchase "
        "agreements, a spokeswoman said." % amount,
        "Dealers said federal funds were trading at %s pct when it began its temporary and indirect supply of reserves "
        "to the banking system on %s." % (rate, rng.choice(DAYS)),
        some(
            rng,
            "Economists had expected the bank to intervene, as the need to add reserves this week was put at %s "
            "billion dlrs."
            % decimal(rng, 0.5, 4),
            "The rate averaged %s pct the day before." % decimal(rng, 5, 8, 2),
        ),
    ]


def shelf(rng):
    issuer, amount = firm(rng), rng.randrange(50, 900, 25)
    return "%s FILES FOR %d MLN DLR OFFERING" % (issuer.upper(), amount), [
        "%s said it filed with the Securities and Exchange Commission a shelf registration statement covering up to %d "
        "mln dlrs of %s."
        % (issuer, amount, rng.choice(["debt securities", "senior notes", "subordinated debentures",
           "preferred stock"])),
        some(
            rng,
            "Proceeds from the offering will be used to %s, the company said."
            % rng.choice(
                ["repay short-term debt", "finance acquisitions", "redeem outstanding debentures",
                   "add to working capital"]
            ),
            "The company said the offering may be made from time to time, directly or through underwriters that could "
            "include %s and %s." % tuple(rng.sample(BANKS, 2)),
            "%s had %s billion dlrs of long-term debt at the end of the year."
            % (issuer.split()[0], decimal(rng, 0.2, 6)),
        ),
    ]


def tender(rng):
    country, crop, tonnes = rng.choice(COUNTRIES), rng.choice(CROPS), rng.randrange(5, 250, 5) * 1000
    return "%s TENDERS FOR %s" % (country.upper(), crop.upper()), [
        "%s will tender on %s for %s tonnes of %s for %s shipment under a credit guarantee, private export "
        "sources said."
        % (country, date(rng), "{:,}".format(tonnes), crop, rng.choice(MONTHS)),
        some(
            rng,
            "Offers are to be valid until the close of business the next day, and prices are to be quoted free "
            "on board.",
            "It last bought %s tonnes at %s dlrs a tonne, the sources said."
            % ("{:,}".format(rng.randrange(5, 250, 5) * 1000), decimal(rng, 70, 260, 2)),
            "Shipment is to be made in vessels of %d to %d thousand tonnes."
            % (rng.randint(8, 15), rng.randint(18, 60)),
        ),
    ]


def postings(rng):
    refiner, price = firm(rng), decimal(rng, 12, 24, 2)
    way = rng.choice(["raised", "cut"])
    return "%s %s CRUDE OIL PRICES" % (refiner.upper(), "RAISES" if way == "raised" else "CUTS"), [
        "%s said it %s its contract price for crude oil by %s a barrel, effective %s."
        % (refiner, way, rng.choice(["25 cts", "50 cts", "one dlr", "75 cts"]), rng.choice(["today", "yesterday"])),
        some(
            rng,
            "The move brings its posted price for the benchmark grade to %s dlrs a barrel." % price,
            "Sour grades were %s by the same amount to %s dlrs." % (way, decimal(rng, 11, 23, 2)),
            "%s last changed its postings on %s." % (refiner.split()[0], date(rng)),
        ),
    ]


def rating(rng):
    issuer, way = firm(rng), rng.choice(["upgraded", "downgraded", "may cut", "affirmed"])
    amount = decimal(rng, 0.1, 4)
    grades = rng.sample(["A-1", "A-2", "Baa-1", "Baa-3", "Ba-1", "Ba-3", "B-1", "B-2", "Aa-3"], 2)
    return "%s DEBT RATING: AGENCY ACTS" % issuer.upper(), [
        "The rating agency said it %s the ratings of %s, affecting about %s billion dlrs of debt."
        % (way, issuer, amount),
        some(
            rng,
            "The rating on its senior debt goes to %s from %s." % tuple(grades),
            "The agency cited %s and the prospect of %s."
            % (
                rng.choice(["higher leverage", "improved cash flow", "a proposed acquisition", "losses at a unit"]),
                rng.choice(["stiffer competition", "asset sales", "lower capital needs", "slow demand"]),
            ),
            "%s is a maker of %s based in %s." % (issuer.split()[0], rng.choice(KINDS).lower(), name(rng)),
        ),
    ]


def stake(rng):
    investor, target, percent = firm(rng), firm(rng), decimal(rng, 5, 16)
    return "%s HAS %s PCT OF %s" % (investor.upper(), percent, target.upper()), [
        "%s told the Securities and Exchange Commission it acquired %s shares of %s, or %s pct of the total "
        "outstanding "
        "common stock." % (investor, "{:,}".format(rng.randint(90000, 4000000)), target, percent),
        some(
            rng,
            "It said it bought the stock for %s mln dlrs for investment purposes." % decimal(rng, 2, 90),
            "It may buy more shares or sell some or all of its current stake, depending on market conditions, "
            "but has no "
            "plans to seek control of the company.",
            "Purchases since %s were made at %s to %s dlrs a share."
            % (date(rng), eighth(rng, 9, 20), eighth(rng, 21, 40)),
        ),
    ]


def match(rng):
    one, two = name(rng), name(rng)
    goals = (rng.randint(0, 5), rng.randint(0, 5))
    return "Football: %s %d, %s %d" % (one, goals[0], two, goals[1]), [
        "%s %s and %s %s ended %d-%d on %s before a crowd of %s."
        % (one, rng.choice(CLUBS), two, rng.choice(CLUBS), goals[0], goals[1], rng.choice(DAYS),
           "{:,}".format(rng.randint(2000, 60000))),
        some(
            rng,
            "The half-time score was %d-%d." % (min(goals[0], rng.randint(0, 2)), min(goals[1], rng.randint(0, 2))),
            "%s opened the scoring in minute %d from close range." % (name(rng), rng.randint(2, 44)),
            "%s was sent off in minute %d for a second bookable offence." % (name(rng), rng.randint(46, 90)),
            "The result leaves the home side in place %d of the table with %d points from %d games."
            % (rng.randint(1, 20), rng.randint(5, 70), rng.randint(8, 36)),
        ),
    ]


def quake(rng):
    place, size = name(rng), decimal(rng, 4.1, 7.8)
    return "Magnitude %s quake near %s" % (size, place), [
        "An earthquake of magnitude %s struck %s %s at %d:%02d local time on %s, the seismological centre said."
        % (size, rng.choice(SEAS), place, rng.randint(0, 23), rng.randint(0, 59), rng.choice(DAYS)),
        some(
            rng,
            "The epicentre was %d kilometres from the town of %s at a depth of %d kilometres."
            % (rng.randint(5, 180), name(rng), rng.randint(4, 300)),
            "There were no immediate reports of damage or casualties, and no tsunami warning was issued.",
            "Quakes of this size are felt by everybody and can break windows, the centre said. Aftershocks of up to "
            "magnitude %s may follow." % decimal(rng, 3, 5),
        ),
    ]


def fund(rng):
    manager = firm(rng)
    return "%s FUND YIELDS" % manager.upper(), [
        "%s said its %s fund declared a monthly dividend of %s cts a share, payable %s to holders of record %s."
        % (
            manager,
            rng.choice(["tax-exempt", "high income", "government securities", "insured municipal"]),
            decimal(rng, 3, 12, 2),
            date(rng),
            date(rng),
        ),
        some(
            rng,
            "Based on a net asset value of %s dlrs, the yield is %s pct."
            % (decimal(rng, 8, 15, 2), decimal(rng, 5, 11, 2)),
            "The fund invests in securities with an average maturity of %d years." % rng.randint(3, 25),
        ),
    ]


FORMS = {
    "bond": bond,
    "warrants": warrants,
    "dividend": dividend,
    "results": results,
    "shortage": shortage,
    "repurchase": repurchase,
    "shelf": shelf,
    "tender": tender,
    "postings": postings,
    "rating": rating,
    "stake": stake,
    "match": match,
    "quake": quake,
    "fund": fund,
}


def story(form, rng):
    """One notice of a form: its title and its paragraphs."""
    title, paragraphs = FORMS[form](rng)
    return title, [p for p in paragraphs if p]
