"""Words that every text of a language has: they tell which language it is, and nothing of what it is about."""

from collections.abc import Mapping


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


ENGLISH = _listed(
    """a about all also am an and any are as at be because been but by can could did do does for from get had has have he
    her him his how i if in is it its just know let like me more my no not now of on one or our out please said she
    should so some tell than that the their them then there these they this to up us was we were what when where which
    who whom why will with would you your"""
)

# Languages of the Latin script whose endings are cut, by the name of their Snowball algorithm. Accents as they are written:
# what is typed without them is a content word, which costs little.
LATIN: Mapping[str, frozenset[str]] = {
    language: _listed(words)
    for language, words in {
        "german": """aber alle als am an auch auf aus bei bin bis bist da damit dann das dass dein deine dem den der des dich die
        dir doch du durch ein eine einem einen einer eines er es euch für gibt haben habe hat hatte heißt ich ihm ihn ihr ihre im
        in ist ja kann kein keine mein meine meinem meinen meiner mich mir mit nach nicht noch nur ob oder ohne sein seine sich
        sie sind so über um und uns unser unsere unter vom von vor wann war warum was wegen welche welcher welches wenn wer werden
        wie wir wird wo wurde zu zum zur""",
        "french": """à ai alors as au aussi aux avec avez c ce ces cet cette comment combien d dans de des du elle elles en est et
        été êtes être fait il ils j je l la le les leur leurs lui m ma mais me mes moi mon n ne nos notre nous on ont ou où par pas
        plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se ses si son sont sur t ta te tes toi ton tu
        un une vos votre vous y était""",
        "spanish": """a al algo como cómo con cual cuál cuáles cuando cuándo cuánto cuántos de del desde donde dónde e el él ella
        ellos en entre era es esa ese eso esta está están este esto fue ha hace han hasta hay la las le les lo los me mi mis más
        muy nos nuestra nuestro o para pero por porque puede que qué quien quién se ser si sí sin sobre son su sus también te tiene
        tu tus un una uno y ya yo""",
        "portuguese": """a à ao aos as às até com como da das de dele dela do dos e é ela ele eles em entre era essa esse esta está
        este eu foi há isso isto já lhe mais mas me meu meus minha minhas muito na não nas nem no nos nós nossa nosso num numa o onde
        os ou para pela pelo por porque qual quais quando quanto que quem se sem ser seu seus sua suas são também te tem têm tu um
        uma você vocês""",
        "italian": """a ad agli ai al alla alle anche c che chi ci come con cosa cui da dai dal dalla degli dei del dell della delle
        di dopo dove e è ed era fra gli ha hanno ho i il in io l la le lei lo loro lui ma mi mia mie miei mio ne nei nel nella noi
        non nostra nostro o per perché più qual quale quali quando quanto quello questa queste questi questo se sei si sia siamo
        sono su sua sue sul sulla suo suoi tra tu tua tuo un una uno vi voi""",
        "dutch": """aan al alle als ben bij dan dat de deze die dit door een en er geen geweest had heb hebben heeft heet hem het
        hij hoe hoeveel hun ik in is je jij jouw kan kunnen maar me men met mij mijn moet na naar niet nog nu of om omdat onder ons
        ook op over te tegen tot u uit uw van veel voor waar waarom wanneer want waren was wat we wel werd wie wij worden wordt ze
        zich zij zijn zo zou""",
        "swedish": """alla allt att av blev bli då de dem den denna deras dess det detta dig din ditt du där efter eller en er ett
        från för ha hade han har hans henne hennes heter hon hur här i icke inte jag kan man med men mig min mina mitt mot mycket
        när något några nu och om oss på sig sin sitta som så till under upp ut var vad varför vem vi vid vilken vilka är över""",
        "danish": """af alle at blev bliver da de deres det dette dig din dine dit du efter eller en er et for fra ham han hans har
        havde hende hendes her hun hvad hvem hver hvilke hvilken hvis hvor hvordan hvorfor hvornår i ikke jeg jer kan man med meget
        men mig min mine mit mod ned nogle når og også om op os over på sig sin skal som til ud under var ved vi være vil""",
        "norwegian": """alle at av ble bli blir da de deg den denne der deres det dette din ditt du eller en er et etter for fra ha
        hadde ham han hans har henne hennes her hun hva hvem hvilken hvilke hvis hvor hvordan hvorfor i ikke jeg kan kom man med meg
        men min mine mitt mot mye noe noen når og også om opp oss over på seg sin som til under ut var ved vi vil være år""",
        "finnish": """ei eivät ehkä en että haluan hän häntä ja jo joka jos jotka kanssa koska kuin kuinka kuka kun kuten me mikä
        miksi milloin minkä minua minulla minun minä missä mitkä mitä mukaan mutta myös ne niin nyt oli olen olet on ovat se sen
        sinun sinä sitten tai tämä tämän te tuo tässä vaan vai vain voi ole olla he heidän""",
        "hungarian": """a az azt abban ahol aki amely ami amit arra át be benne csak de e egy ehhez el elő én ennek és ez ezt fel
        hogy hol honnan hogyan igen is ki kik kit le lehet lesz ma majd már meg mely mert mi mik mikor milyen mint minden miért
        mit mennyi nagyon ne nekem nem nincs ő össze pedig s sem szerint te tehát több ti úgy vagy vagyok van vannak volt volna""",
        "romanian": """a ai al ale am ar are aș așa au ca că care ce cel cea cele cine cu cum câte câți când cât dar de din după ea ei
        el ele este eu fi fie fost iar în îi îmi își îl la le lor lui mai mea mei mele meu mi nu o or pe pentru prin s sa sale sau
        se și sub sunt sunteți să te toate tot un una unde unei unor unui vă voi""",
        "turkish": """acaba ama ancak bana bazı belki ben benim bir biz bu bunu bunun çok çünkü da daha de değil diye en gibi hangi
        hem hep her hiç için ile ise kaç ki kim kime kimin mı mi mu mü nasıl ne neden nerede nereye niçin niye o olan olarak oldu
        olduğu ona onlar onu onun sana sen senin siz şey şu tüm var ve veya ya yani yok zaman""",
        "polish": """a aby ale bardzo bez bo być była było były był by co czy dla do gdy gdzie go i ich ile im ja jak jaka jaki
        jakie jako je jego jej jest jestem jeszcze już każdy kiedy kto która które który których ma mam mi mnie moja moje może mój
        my na nad nam nas nie nim o od on ona one oni oraz po pod przed przez przy są się swoje ta tak także tam te tego tej ten to
        tu tylko tym w we wszystko z za ze że""",
        "czech": """a aby ale ani až bez bude by byl byla bylo být co či dnes do ho i jak jaká jaké jaký jako je jeho její jejich
        jen ještě jsem jsme jsou k kam kde kdo kdy kolik která které který ke má mám mé mi mnou moje můj na nad nám náš ne nebo než
        od on ona oni o pak po pod podle pokud pro proč proto před při s se si své ta tak také tam tato te tedy ten tento to toho
        tím u už v ve však vy z za ze že""",
        "catalan": """a al als amb aquest aquesta això com de del dels des d el ell ella els em en entre era es és està et fa fins
        ha han hi i jo l la les li lo m me meu meva més mi molt na ni no nosaltres o on per però perquè pel qual quan quant que què
        qui s se sense ser seu seva si sobre són són també té teu teva un una us va van""",
        "indonesian": """ada adalah akan aku anda apa apakah atau bagaimana bahwa banyak berapa bisa dalam dan dapat dari dengan di
        dia hanya harus ini itu jika juga kami kamu kapan karena ke kepada kita lagi lebih mana mengapa mereka oleh pada saat saja
        sampai sangat saya sebagai sebuah seperti siapa sudah tapi telah tentang tersebut tidak untuk yang""",
    }.items()
}

# Where the script tells the language, or several whose short words do not get in each other's way.
_OTHER = _listed(
    """а без более бы был была были было быть в вам вас весь во вот все всё вы где да для до его ее её если есть еще ещё
    же за и из или им их к как какая какие какое какой кем когда кого кому кто ли меня мне мой моя моё мои мы на над
    наш не него нее неё нет ни них но ну о об он она они оно от по под почему при с сколько со так также там те тебя
    то того тоже только ты у уже чего чей чем что чтобы это этого этой этот эта эти я та тут але або був була були
    було в від він вона вони для до є же з за зі й його її із їх коли крім мені мене мій моя моє ми на не про скільки
    та так те ти то тому у хто це цей ця чи чому що щоб я як яка яке який які де και το τα τη την της τον του των τι ο
    η οι στο στη στην στον στα με σε για από που πού πως πώς πότε ποιος ποια ποιο πόσο πόσα είναι ήταν έχει έχω δεν θα
    να μου σου μας σας ένα μια μία ένας αυτό αυτή αυτός ή αλλά όταν όπως في من على إلى الى عن مع هذا هذه ذلك تلك التي
    الذي الذين هو هي هم أنا انا نحن أنت انت ما ماذا متى أين اين كيف كم هل لماذا أي اي كان كانت يكون لا لم لن ليس قد كل
    بعد قبل عند بين أو او و ثم أن ان إن لي له لها از به با در را که این آن است بود برای یا تا هم چه چرا چگونه کجا کی
    من تو او ما شما آنها می های شد کرد چند کدام של את על אל עם זה זו זאת הוא היא הם הן אני אתה את אנחנו מה מי מתי איפה
    איך כמה למה האם לא כן יש אין היה היתה כל או גם אבל כי אם שלי שלך שלו שלה का की के को में से है हैं था थी थे हूँ
    हूं और या पर यह वह ये वे मैं मेरा मेरी मेरे हम तुम आप आपका कौन क्या कब कहाँ कहां कैसे क्यों कितना कितनी कितने ने
    भी तो ही एक इस उस किस कर किया नहीं लिए साथ"""
)

ANY = ENGLISH | _OTHER


def _languages() -> Mapping[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = dict.fromkeys(ENGLISH, ("english",))
    for language, words in LATIN.items():
        for word in words:
            told[word] = (*told.get(word, ()), language)
    # Single letters are in formulas, lists and what follows an apostrophe too.
    return {word: languages for word, languages in told.items() if len(word) > 1 or not word.isascii()}


LANGUAGES_OF_WORD = _languages()
