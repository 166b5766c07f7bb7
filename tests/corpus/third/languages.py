"""Small vocabularies of twenty languages: function words, content words, names, roles, sounds, headings."""
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """The words of one language; `unspaced` writes sentences without spaces, `cased` has capitals."""

    code: str
    small: tuple[str, ...]
    large: tuple[str, ...]
    short: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]
    roles: tuple[str, ...]
    sounds: tuple[str, ...]
    transcript: str
    unspaced: bool = False
    cased: bool = True
    stop: str = "."
    comma: str = ", "
    ask: str = "?"


def _language(
    code: str,
    small: str,
    large: str,
    short: str,
    first: str,
    last: str,
    roles: str,
    sounds: str,
    transcript: str,
    **marks: object,
) -> Language:
    split = [tuple(part.split()) for part in (small, large)]
    lists = [tuple(one.strip() for one in part.split("|")) for part in (short, first, last, roles, sounds)]
    return Language(code, *split, *lists, transcript, **marks)  # type: ignore[arg-type]


_ALL = (
    _language(
        "en",
        "the a of and to in that it is was for on with as at by this but they we I you he she not so if when then about into from or because just will what which there had have were on",
        "record needle motor groove sleeve engineer summer kitchen letter harbour turns cut pressed heard asked found carried warm slow careful loud paper river story grandmother shop box wrote began stopped second winter question answer listener city music believe remember money people work small whole",
        "Yes.|No.|Right.|I see.|Of course.|Exactly.|Hm, maybe.|Thank you.|Good.|Why not?|Sure, go on.|Not at all.",
        "Ann|Bo|Nora|Adam|Stephan|Hugh|Maeve|Tess|Wade|Ida|Colm|Priya|Mary-Jane|Theo|Kofi|Ruth|Jean-Luc|Imogen",
        "Lee|Ray|Lowe|Falk|Carter|Lund|Snow|Krav|O'Hara|van Ray|Smith-Jones|Okafor|Mc Dell|de la Cruz|St. Clair|Wu|Ng|Bell",
        "Host|Guest|Moderator|Interviewer|Narrator|Audience member|Caller|Presenter|Speaker|Co-host|Reporter",
        "Music|Laughter|Applause|Laughs|Pause|Phone rings|Crosstalk",
        "Transcript",
    ),
    _language(
        "de",
        "der die das und zu in den von mit auf für ist im nicht ein eine als auch es an aus sich bei war wir ihr sie ich du aber wenn dann noch schon so wie man hat über nach",
        "Platte Nadel Rille Hafen Sommer Brief Küche Frage Antwort Stadt Musik Geschichte Großmutter Laden gehört gefunden gefragt gebaut warm langsam leise Leute Arbeit klein ganz Schiff Winter schreiben anfangen denken glauben Ingenieurin Geld",
        "Ja.|Nein.|Genau.|Stimmt.|Ach so.|Danke schön.|Moin moin.|Warum nicht?|Na klar.|Gute Frage.",
        "Stefan|Juna|Aurel|Grit|Jörg|Anke|Lutz|Ömer|Birte|Käthe|Uwe|Hannes",
        "Weber|Müller|Groß|von Trott|Çelik|Köhler|Schäfer|Brandt|Petersen|Ihde",
        "Moderatorin|Gast|Sprecher|Erzählerin|Reporterin|Publikum|Moderator",
        "Musik|Lachen|Applaus|Pause|Lacht",
        "Transkript",
    ),
    _language(
        "fr",
        "le la les de des et à en un une du que qui dans pour pas sur se par plus avec il elle nous vous je on mais si ce cette au est était ont",
        "disque aiguille sillon été lettre cuisine question réponse ville musique histoire boutique trouvé demandé entendu construit chaud lent gens travail petit bateau hiver écrire commencer croire argent grand-mère ingénieure penser port doucement",
        "Oui.|Non.|Exactement.|D'accord.|Merci beaucoup.|Pourquoi pas ?|Voilà.|Bien sûr.",
        "Élise|Benoît|Chloé|Aurélien|Solène|Yann|Jean-Marc|Inès|Loïc|Odile",
        "Lefèvre|Dubois|de Villiers|Garnier|Moreau|L'Huillier|Besson|Nguyen",
        "Animatrice|Invité|Présentateur|Journaliste|Public|Modératrice",
        "Musique|Rires|Applaudissements|Pause",
        "Transcription",
    ),
    _language(
        "es",
        "el la los las de y a en un una que por con para no se lo su al como más pero sus le ya este sí porque cuando muy sin sobre también me hasta hay donde",
        "disco aguja surco puerto verano carta cocina pregunta respuesta ciudad música historia abuela tienda encontrado pedido oído cálido lento gente trabajo pequeño barco invierno escribir empezar creer dinero ingeniera pensar caja dijo",
        "Sí.|No.|Exacto.|Claro.|Gracias.|¿Por qué no?|Muy bien.|Ya veo.",
        "Lucía|Íñigo|Marta|Joaquín|Begoña|Raúl|Nuria|José María|Pilar|Xavi",
        "García|Núñez|de la Fuente|Ibáñez|Ortega|Peña|Vidal|Castro Ruiz",
        "Presentadora|Invitado|Moderador|Locutora|Público|Entrevistador",
        "Música|Risas|Aplausos|Pausa",
        "Transcripción",
    ),
    _language(
        "pt",
        "o a os as de e em um uma que não para com por mais do da no na se como mas foi ao ele ela ou quando muito nos já eu também só pelo isso",
        "disco agulha sulco porto verão carta cozinha pergunta resposta cidade música história avó loja encontrado pedido ouvido quente lento gente trabalho pequeno barco inverno escrever começar acreditar dinheiro engenheira pensar",
        "Sim.|Não.|Exatamente.|Claro.|Obrigada.|Por que não?|Pois é.",
        "João|Inês|Thiago|Conceição|Rui|Beatriz|Mateus|Luísa",
        "Silva|Gonçalves|dos Santos|Araújo|Moura|Peixoto|Lima",
        "Apresentadora|Convidado|Moderador|Narradora|Público",
        "Música|Risos|Aplausos|Pausa",
        "Transcrição",
    ),
    _language(
        "it",
        "il lo la i gli le di e a in un una che per con non si da su come più ma al del della ci è era sono ho anche se quando questo molto mi",
        "disco puntina solco porto estate lettera cucina domanda risposta città musica storia nonna negozio trovato chiesto sentito caldo lento gente lavoro piccolo barca inverno scrivere cominciare credere soldi ingegnera pensare",
        "Sì.|No.|Esatto.|Certo.|Grazie mille.|Perché no?|Capisco.",
        "Giulia|Niccolò|Chiara|Matteo|Loredana|Ettore|Ilaria|Pier Paolo",
        "Rossi|De Luca|D'Angelo|Bianchi|Ferri|Colò|Gatti",
        "Conduttrice|Ospite|Moderatore|Narratrice|Pubblico",
        "Musica|Risate|Applausi|Pausa",
        "Trascrizione",
    ),
    _language(
        "nl",
        "de het een van en in te dat is op met voor niet zijn aan er als ook maar om bij nog naar dan of uit over door wat ik je we ze die heeft was",
        "plaat naald groef haven zomer brief keuken vraag antwoord stad muziek verhaal oma winkel gevonden gevraagd gehoord warm langzaam mensen werk klein schip winter schrijven beginnen geloven geld ingenieur denken",
        "Ja.|Nee.|Precies.|Klopt.|Dank je wel.|Waarom niet?|Natuurlijk.",
        "Sanne|Joris|Femke|Bram|Marijke|Daan|Lotte|Thijs",
        "de Vries|van den Berg|Jansen|Bakker|ten Hove|Smit|Visser",
        "Presentator|Gast|Interviewer|Verteller|Publiek",
        "Muziek|Gelach|Applaus|Pauze",
        "Transcript",
    ),
    _language(
        "ru",
        "и в не на я он что с это а как по но они мы все она так его за то из у же вы был для от уже если когда или ещё бы только",
        "пластинка игла мотор гавань лето письмо кухня вопрос ответ город музыка история бабушка лавка нашли спросил слышал тёплый медленный люди работа маленький корабль зима писать начать верить деньги инженер думать",
        "Да.|Нет.|Точно.|Понятно.|Спасибо.|Почему нет?|Конечно.",
        "Анна|Борис|Мария|Фёдор|Ольга|Илья|Зоя|Пётр",
        "Ковалёва|Смирнов|Лебедев|Орлова|Жуков|Щукина|Толстой",
        "Ведущий|Ведущая|Гость|Интервьюер|Диктор|Зритель",
        "Музыка|Смех|Аплодисменты|Пауза",
        "Расшифровка",
    ),
    _language(
        "el",
        "και το να του η της με που την από για είναι στο δεν τα οι ένα θα ο αλλά σε μια τον αυτό όταν πολύ εγώ εσύ ή πως",
        "δίσκος βελόνα λιμάνι καλοκαίρι γράμμα κουζίνα ερώτηση απάντηση πόλη μουσική ιστορία γιαγιά μαγαζί βρήκαμε ρώτησε άκουσα ζεστό αργό άνθρωποι δουλειά μικρό πλοίο χειμώνας γράφω αρχίζω πιστεύω χρήματα",
        "Ναι.|Όχι.|Ακριβώς.|Ευχαριστώ.|Γιατί όχι;|Βέβαια.",
        "Ελένη|Νίκος|Μαρία|Γιώργος|Δάφνη|Στέλιος",
        "Παπαδάκη|Οικονόμου|Γεωργίου|Μελάς|Καλλέργη",
        "Παρουσιάστρια|Καλεσμένος|Συντονιστής|Αφηγητής|Κοινό",
        "Μουσική|Γέλια|Χειροκρότημα",
        "Απομαγνητοφώνηση",
        ask=";",
    ),
    _language(
        "ar",
        "في من على أن إلى عن مع هذا هذه التي الذي كان لا ما هو هي نحن أنا لكن ثم إذا كل بعد قبل أو قد لم",
        "الأسطوانة الإبرة الميناء الصيف رسالة المطبخ سؤال جواب المدينة الموسيقى حكاية جدتي الدكان وجدنا سأل سمعت دافئ بطيء الناس العمل صغير سفينة الشتاء كتب بدأ المال مهندسة",
        "نعم.|لا.|بالضبط.|شكرا.|لم لا؟|طبعا.",
        "ليلى|عمر|هدى|سامي|مريم|خالد",
        "حداد|الخطيب|منصور|بن علي|الشامي",
        "المذيع|المذيعة|الضيف|المقدم|الجمهور",
        "موسيقى|ضحك|تصفيق",
        "النص الكامل",
        cased=False,
        comma="، ",
        ask="؟",
    ),
    _language(
        "he",
        "של על את לא זה הוא היא אני אנחנו כי עם גם אבל אם או מה כל יש אין היה מאוד רק עוד אז כמו",
        "תקליט מחט נמל קיץ מכתב מטבח שאלה תשובה עיר מוזיקה סיפור סבתא חנות מצאנו שאל שמעתי חם איטי אנשים עבודה קטן ספינה חורף כתבתי להתחיל כסף",
        "כן.|לא.|בדיוק.|תודה.|למה לא?|ברור.",
        "נועה|דוד|תמר|יוסי|מיכל|אורי",
        "כהן|לוי|בן דוד|שפירא|אלון",
        "מנחה|אורח|מראיינת|קריין|קהל",
        "מוזיקה|צחוק|מחיאות כפיים",
        "תמליל",
        cased=False,
    ),
    _language(
        "hi",
        "का के की में है और से को पर यह वह हम मैं नहीं तो भी लेकिन जब तब क्या कि था थे एक कुछ बहुत",
        "रिकॉर्ड सुई बंदरगाह गर्मी चिट्ठी रसोई सवाल जवाब शहर संगीत कहानी दादी दुकान मिला पूछा सुना गरम धीमा लोग काम छोटा जहाज सर्दी लिखना पैसा",
        "हाँ।|नहीं।|बिल्कुल।|धन्यवाद।|क्यों नहीं?",
        "आशा|रवि|मीरा|अर्जुन|कविता|विजय",
        "शर्मा|वर्मा|सिंह|पटेल|मिश्रा",
        "मेज़बान|मेहमान|प्रस्तुतकर्ता|श्रोता",
        "संगीत|हँसी|तालियाँ",
        "प्रतिलेख",
        cased=False,
        stop="।",
    ),
    _language(
        "th",
        "ที่ และ ใน ของ เป็น ไม่ ก็ มี ว่า ได้ จะ เรา ผม คุณ แต่ ถ้า นี้ กับ มาก แล้ว",
        "แผ่นเสียง เข็ม ท่าเรือ ฤดูร้อน จดหมาย ห้องครัว คำถาม คำตอบ เมือง ดนตรี เรื่องราว คุณยาย ร้านค้า พบ ถาม ได้ยิน อบอุ่น ช้า ผู้คน งาน เรือ ฤดูหนาว เขียน เงิน",
        "ใช่ครับ|ไม่ค่ะ|ขอบคุณครับ|แน่นอนค่ะ",
        "สมชาย|มาลี|อนันต์|สุดา|กมล|นิดา",
        "ใจดี|ศรีสุข|ทองคำ|แสงจันทร์",
        "พิธีกร|แขกรับเชิญ|ผู้สัมภาษณ์|ผู้ฟัง",
        "ดนตรี|เสียงหัวเราะ|ปรบมือ",
        "บทถอดเสียง",
        unspaced=True,
        cased=False,
        stop="",
        comma=" ",
        ask="",
    ),
    _language(
        "ko",
        "그리고 그런데 그래서 하지만 그 이 저는 우리는 아주 정말 조금 같이 다시 이제 아마 그때 왜 무엇을 어떻게",
        "음반을 바늘이 항구에서 여름에 편지를 부엌에서 질문을 대답은 도시가 음악을 이야기를 할머니가 가게에서 찾았어요 물었어요 들었어요 따뜻한 느린 사람들이 일을 작은 배가 겨울에 썼습니다 시작했죠 돈이",
        "네.|아니요.|맞아요.|감사합니다.|왜요?|그럼요.",
        "김민수|이지은|박서준|최유나|정하늘|한소희",
        "|",
        "진행자|게스트|사회자|기자|청중",
        "음악|웃음|박수",
        "녹취록",
        cased=False,
    ),
    _language(
        "zh",
        "的 是 在 了 和 我们 他 她 不 也 就 都 但是 如果 然后 这个 那个 很 有 从 到 因为 所以 我 你",
        "唱片 唱针 港口 夏天 一封信 厨房 问题 答案 城市 音乐 故事 奶奶 商店 找到 问过 听见 温暖 缓慢 人们 工作 小小 轮船 冬天 写下 开始 相信 金钱 工程师",
        "是的。|不是。|没错。|谢谢。|为什么不呢？|当然。",
        "王芳|李伟|张敏|刘洋|陈静|赵磊",
        "|",
        "主持人|嘉宾|记者|观众|旁白",
        "音乐|笑声|掌声",
        "文字稿",
        unspaced=True,
        cased=False,
        stop="。",
        comma="，",
        ask="？",
    ),
    _language(
        "ja",
        "は が を に で と も の から まで けれど だから そして この その とても ちょっと 私は あなたは もう また",
        "レコード 針 港 夏 手紙 台所 質問 答え 町 音楽 物語 祖母 お店 見つけた 聞いた 話した 温かい ゆっくり 人々 仕事 小さい 船 冬 書いた 始めた 信じる お金 技術者",
        "はい。|いいえ。|そうですね。|ありがとうございます。|なぜですか？|もちろん。",
        "田中|佐藤|鈴木|高橋|山本|中村",
        "|",
        "司会|ゲスト|聞き手|記者|会場",
        "音楽|笑|拍手",
        "文字起こし",
        unspaced=True,
        cased=False,
        stop="。",
        comma="、",
        ask="？",
    ),
    _language(
        "tr",
        "ve bir bu da de için ile çok ama gibi o ben biz sen daha en ne var yok mi sonra kadar her ki değil çünkü",
        "plak iğne liman yaz mektup mutfak soru cevap şehir müzik hikâye büyükanne dükkân buldu sordu duydu sıcak yavaş insanlar iş küçük gemi kış yazdı başladı para mühendis inanmak",
        "Evet.|Hayır.|Kesinlikle.|Teşekkürler.|Neden olmasın?|Tabii.",
        "Ayşe|Çağrı|Gül|İlker|Şeyma|Oğuz",
        "Yılmaz|Özdemir|Işık|Çelik|Ünal",
        "Sunucu|Konuk|Muhabir|Anlatıcı|Seyirci",
        "Müzik|Gülüşmeler|Alkış",
        "Metin",
    ),
    _language(
        "pl",
        "i w na z do nie się że to jest o jak ale po co tak za od czy już tylko przez był być dla ich my ja on ona gdy więc",
        "płyta igła port lato list kuchnia pytanie odpowiedź miasto muzyka historia babcia sklep znalazł zapytał słyszał ciepły powolny ludzie praca mały statek zima pisać zacząć wierzyć pieniądze",
        "Tak.|Nie.|Dokładnie.|Dziękuję.|Czemu nie?|Oczywiście.",
        "Łucja|Paweł|Agnieszka|Jerzy|Zofia|Michał",
        "Kowalska|Nowak|Wójcik|Dąbrowska|Żak",
        "Prowadzący|Gość|Narrator|Reporterka|Publiczność",
        "Muzyka|Śmiech|Oklaski",
        "Transkrypcja",
    ),
    _language(
        "cs",
        "a v na se že to je s z do o i ale jak po by pro už jen když tak ne jsem jsme byl který co nebo ještě za od my já on",
        "deska jehla přístav léto dopis kuchyně otázka odpověď město hudba příběh babička obchod našel zeptal slyšel teplý pomalý lidé práce malý loď zima psát začít věřit peníze",
        "Ano.|Ne.|Přesně.|Děkuji.|Proč ne?|Jistě.",
        "Jiří|Markéta|Ondřej|Žaneta|Věra|Luboš",
        "Novák|Dvořáková|Říha|Šťastný|Veselá",
        "Moderátorka|Host|Redaktor|Vypravěč|Publikum",
        "Hudba|Smích|Potlesk",
        "Přepis",
    ),
    _language(
        "sv",
        "och i att det som en på är av för med den till inte om ett han men var jag vi så hon från nu när du kan man där eller då här mycket bara",
        "skiva nål hamn sommar brev kök fråga svar stad musik berättelse mormor butik hittade frågade hörde varm långsam människor arbete liten båt vinter skriva börja tro pengar ingenjör",
        "Ja.|Nej.|Precis.|Tack.|Varför inte?|Självklart.",
        "Åsa|Björn|Märta|Östen|Linnea|Göran",
        "Lindqvist|Åberg|af Klint|Nyström|Öberg",
        "Programledare|Gäst|Berättare|Reporter|Publik",
        "Musik|Skratt|Applåder",
        "Avskrift",
    ),
)
LANGUAGES = {language.code: language for language in _ALL}
